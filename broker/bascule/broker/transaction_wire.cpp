#include "bascule/broker/transaction_wire.hpp"

namespace bascule::broker {
namespace {

bool described(Bytes value) noexcept { return !value.empty() && value[0] == 0; }

}  // namespace

std::string encode_transaction_id(TransactionId id) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(id >> shift);
  return bytes;
}

TransactionId decode_transaction_id(std::string_view bytes) noexcept {
  if (bytes.size() != 8) return 0;
  TransactionId id = 0;
  for (const char byte : bytes) id = id << 8 | static_cast<unsigned char>(byte);
  return id;
}

std::optional<CoordinatorRequest> read_coordinator_request(Bytes body) noexcept {
  Reader reader(body);
  while (const auto section = reader.section()) {
    const Bytes value = reader.value();
    if (*section != Section::amqp_value) continue;
    Reader request(value);
    const auto code = described(value) ? request.descriptor() : std::nullopt;
    if (code == declare_code) return CoordinatorRequest{};
    if (code != discharge_code) return {};
    std::uint32_t count = 0;
    Reader fields = request.items(count);
    CoordinatorRequest found{.discharge = true};
    if (count > 0) found.id = decode_transaction_id(fields.bytes().value_or(""));
    if (count > 1) found.fail = fields.boolean().value_or(false);
    if (fields.failed() || count == 0) return {};
    return found;
  }
  return {};
}

std::optional<TransactionalState> read_transactional_state(Bytes state) noexcept {
  Reader reader(state);
  if (described(state) && reader.descriptor() != transactional_state_code) return {};
  std::uint32_t count = 0;
  Reader fields = reader.items(count);
  if (count == 0) return {};
  TransactionalState found{.id = decode_transaction_id(fields.bytes().value_or(""))};
  if (count > 1) {
    const Bytes outcome = fields.value();
    if (described(outcome)) {
      Reader inside(outcome);
      found.outcome = inside.descriptor().value_or(0);
      found.fields = inside.value();
    }
  }
  if (fields.failed()) return {};
  return found;
}

}  // namespace bascule::broker
