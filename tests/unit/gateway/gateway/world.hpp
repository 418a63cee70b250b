// A pipeline without sockets: a scripted upstream, a contract, and requests made of raw bytes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bascule/gateway/exchange.hpp"
#include "bascule/http/message_reader.hpp"
#include "bascule/thrift/compact.hpp"
#include "bascule/thrift/envelope.hpp"

namespace bascule::gateway::testing {

/// Keeps every call; the test answers when it likes.
struct ScriptedUpstream final : Upstream {
  struct Started {
    rpc::OutgoingCall call;
    Done done;
    bool cancelled = false;
  };
  std::vector<Started> calls;
  std::size_t busy = 0;

  CallId start(rpc::OutgoingCall call, Done done) override {
    calls.push_back({std::move(call), std::move(done)});
    return calls.size() - 1;
  }
  void cancel(CallId id) override {
    calls[id].cancelled = true;
    rpc::Reply reply;
    reply.error = Errc::cancelled;
    calls[id].done(std::move(reply));
  }
  bool connected() const override { return true; }
  std::size_t in_flight() const override { return busy; }

  void fail(std::size_t i, Errc code, std::string message = "because") {
    rpc::Reply reply;
    reply.error = code;
    reply.message = std::move(message);
    calls.at(i).done(std::move(reply));
  }
  /// A REPLY whose result is this string.
  void answer(std::size_t i, std::string_view text) {
    rpc::Reply reply;
    thrift::begin_message(reply.body, thrift::Encoding::compact, calls.at(i).call.method, thrift::MessageType::reply);
    {
      thrift::CompactWriter out(reply.body);  // its end trims the bytes
      (void)out.struct_begin();
      out.field_begin(thrift::Type::string, 0);
      out.string(text);
      out.struct_end();
    }
    calls.at(i).done(std::move(reply));
  }
};

inline std::string method_json(const std::string& name, const std::string& verb, const std::string& path,
                               const std::string& more = "") {
  const bool variable = path.find('{') != std::string::npos;
  const std::string args =
      variable
          ? R"([{"id":1,"name":"id","type":"i64","requiredness":"default","default":null,"annotations":{},"doc":""}])"
          : "[]";
  const std::string bindings = variable ? R"([{"arg":"id","field":null,"in":"path","name":"id"}])" : "[]";
  const std::string auth = more.find("\"auth\"") == std::string::npos ? R"("auth":"public",)" : "";
  return R"({"name":")" + name + R"(","doc":"","oneway":false,"idempotent":false,)" + auth + more +
         R"("annotations":{},"args":)" + args + R"(,"returns":"string","throws":[],"scopes":[],"http":[{"verb":")" +
         verb + R"(","path":")" + path + R"(","status":200,"body":null,"bindings":)" + bindings + "}]}";
}

inline contracts::DescriptorPtr contract(const std::string& service, const std::string& methods,
                                         const std::string& digest = "d") {
  return std::make_shared<const thrift::Descriptor>(
      thrift::Descriptor::parse(R"({"bascule":1,"name":"t","namespace":"t","digest":")" + digest +
                                R"(","types":{},"constants":{},"events":{},"services":{")" + service +
                                R"(":{"extends":null,"doc":"","annotations":{},"address":"rpc.)" + service +
                                R"(","methods":[)" + methods + "]}}}"));
}

/// A client of one connection.
class World : public ::testing::Test, public http::Responder {
 protected:
  Settings settings;
  telemetry::Registry registry;
  ScriptedUpstream upstream;
  std::string not_ready;
  Context context{settings,
                  registry,
                  upstream,
                  {[this] { return not_ready; }, [] { return std::string("metrics"); }},
                  nullptr,
                  nullptr,
                  {},
                  std::make_shared<RouteSeries>(registry, "_OTHER", ""),
                  &registry.gauge("http_server_active_requests", "").one()};
  std::shared_ptr<Exchange> exchange = std::make_shared<Exchange>(context, *this);
  http::Limits limits;
  http::ReadBuffer buffer;
  std::unique_ptr<http::MessageReader> reader;
  http::Response response;
  int responses = 0;
  std::string peer_ = "192.0.2.7";
  std::vector<Aggregate> aggregates;

  void respond() override { ++responses; }
  const std::string& peer() const noexcept override { return peer_; }

  std::shared_ptr<const Routes> build(std::vector<contracts::ServiceState> services) {
    builder_ =
        std::make_unique<RouteBuilder>(settings, registry, std::make_shared<const std::vector<Aggregate>>(aggregates));
    context.routes = builder_->build(std::move(services));
    return context.routes;
  }
  /// Serves these methods as t.S.
  void serve(const std::string& methods, bool up = true) {
    build({{"t.S", "rpc.t.S", contract("t.S", methods), up, 1}});
  }

  /// Gives a request to the exchange, as the connection would.
  void send(const std::string& line, const std::string& fields = "") {
    reader = std::make_unique<http::MessageReader>(limits, buffer);
    buffer.clear();
    buffer.make_room(reader->buffer_limit());
    const std::string raw = line + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    std::copy(raw.begin(), raw.end(), buffer.space().begin());
    buffer.commit(raw.size());
    ASSERT_EQ(reader->feed(Clock::now()), http::MessageReader::State::whole) << raw;
    response.clear();
    exchange->begin(reader->request(), response);
  }

 private:
  std::unique_ptr<RouteBuilder> builder_;
};

}  // namespace bascule::gateway::testing
