#include "transcode/peers.hpp"

#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <nlohmann/json.hpp>

#include "bascule/thrift/protocol.hpp"
#include "bench/bench_types.h"
#include "bench/bench_types.tcc"

namespace bascule::bench {

using apache::thrift::protocol::TCompactProtocol;
using apache::thrift::protocol::TProtocol;
using apache::thrift::transport::TMemoryBuffer;
using ::bench::Address;
using ::bench::Line;
using ::bench::Order;
using ::bench::Status;
using nlohmann::json;

namespace {

Status::type status_of(const std::string& name) {
  for (const auto& [value, text] : ::bench::_Status_VALUES_TO_NAMES) {
    if (name == text) return static_cast<Status::type>(value);
  }
  throw std::invalid_argument("status");
}

void read(const json& from, Address& to) {
  to.name = from.at("name").get<std::string>();
  to.street = from.at("street").get<std::string>();
  to.city = from.at("city").get<std::string>();
  to.postcode = from.at("postcode").get<std::string>();
  to.country = from.at("country").get<std::string>();
}

void read(const json& from, Line& to) {
  to.product_id = from.at("product_id").get<int64_t>();
  to.sku = from.at("sku").get<std::string>();
  to.quantity = from.at("quantity").get<int32_t>();
  to.price_minor = from.at("price_minor").get<int64_t>();
}

void read(const json& from, Order& to) {
  to.id = from.at("id").get<int64_t>();
  to.customer_id = from.at("customer_id").get<int64_t>();
  to.status = status_of(from.at("status").get<std::string>());
  to.currency = from.at("currency").get<std::string>();
  to.placed_at = from.at("placed_at").get<int64_t>();
  to.email = from.at("email").get<std::string>();
  to.express = from.at("express").get<bool>();
  to.discount = from.at("discount").get<double>();
  if (from.contains("note")) to.__set_note(from.at("note").get<std::string>());
  read(from.at("address"), to.address);
  to.lines.clear();
  for (const json& line : from.at("lines")) read(line, to.lines.emplace_back());
  if (from.contains("tags")) to.__set_tags(from.at("tags").get<std::vector<std::string>>());
}

json write(const Order& order) {
  json lines = json::array();
  for (const Line& line : order.lines) {
    lines.push_back({{"product_id", line.product_id},
                     {"sku", line.sku},
                     {"quantity", line.quantity},
                     {"price_minor", line.price_minor}});
  }
  const Address& address = order.address;
  json result = {{"id", order.id},
                 {"customer_id", order.customer_id},
                 {"status", ::bench::_Status_VALUES_TO_NAMES.at(order.status)},
                 {"currency", order.currency},
                 {"placed_at", order.placed_at},
                 {"email", order.email},
                 {"express", order.express},
                 {"discount", order.discount},
                 {"address",
                  {{"name", address.name},
                   {"street", address.street},
                   {"city", address.city},
                   {"postcode", address.postcode},
                   {"country", address.country}}},
                 {"lines", std::move(lines)}};
  if (order.__isset.note) result["note"] = order.note;
  if (order.__isset.tags) result["tags"] = order.tags;
  return result;
}

}  // namespace

struct Peer::State {
  std::shared_ptr<TMemoryBuffer> out_buffer = std::make_shared<TMemoryBuffer>(),
                                 in_buffer = std::make_shared<TMemoryBuffer>();
  TCompactProtocol out_protocol{out_buffer}, in_protocol{in_buffer};
  Order order;

  std::string_view written() {
    uint8_t* bytes = nullptr;
    uint32_t size = 0;
    out_buffer->getBuffer(&bytes, &size);
    return {reinterpret_cast<const char*>(bytes), size};
  }
};

Peer::Peer() : state_(std::make_unique<State>()) {}
Peer::~Peer() = default;

std::string_view Peer::to_compact(std::string_view text) {
  state_->order = {};
  read(json::parse(text), state_->order);
  write_virtual();
  return state_->written();
}

std::string Peer::to_json(std::string_view compact) {
  read_virtual(compact);
  return write(state_->order).dump();
}

void Peer::write_virtual() {
  state_->out_buffer->resetBuffer();
  TProtocol& protocol = state_->out_protocol;
  state_->order.write(&protocol);
}

void Peer::read_virtual(std::string_view compact) {
  state_->in_buffer->resetBuffer(reinterpret_cast<uint8_t*>(const_cast<char*>(compact.data())),
                                 static_cast<uint32_t>(compact.size()));
  TProtocol& protocol = state_->in_protocol;
  state_->order = {};
  state_->order.read(&protocol);
}

void Peer::write_ours(std::string& out) {
  out.clear();
  thrift::CompactOut protocol(out);
  state_->order.write(&protocol);
}

void Peer::read_ours(std::string_view compact) {
  thrift::CompactIn protocol(compact);
  state_->order = {};
  state_->order.read(&protocol);
}

}  // namespace bascule::bench
