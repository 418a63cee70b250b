#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdlib>

#include "bascule/rpc/client.hpp"
#include "bascule/rpc/server.hpp"
#include "interop/brokers/peer.hpp"

namespace bascule::test {

namespace {

/// After whatever a broker may do to who takes his credit back.
asio::awaitable<void> answer_later(amqp::Client& connection, rpc::IncomingCall call) {
  co_await pause(connection, std::chrono::milliseconds(500));
  call.reply("at last");
}

}  // namespace

asio::awaitable<void> serve(amqp::Client& connection, Words words) {
  rpc::ServerOptions options;
  options.address = words.at(1);
  options.concurrency = 16;
  const auto instance = words.at(2);
  const bool hold = words.at(3) == "hold";
  std::vector<rpc::IncomingCall> held;
  rpc::Server server(connection, options, [&](rpc::IncomingCall call) {
    say("request " + call.method + " " + std::to_string(call.delivery_count));
    if (call.method == "last") {
      server.drain([] { say("drained"); });
      asio::co_spawn(connection.loop().context(), answer_later(connection, std::move(call)), asio::detached);
    } else if (hold) {
      held.push_back(std::move(call));
    } else if (call.method == "left") {
      // What is left of the caller's time.
      call.reply(std::to_string(
          std::chrono::duration_cast<std::chrono::milliseconds>(call.options.deadline.remaining()).count()));
    } else {
      call.reply(instance + ":" + call.body);
    }
  });
  while (!server.attached()) co_await pause(connection, std::chrono::milliseconds(5));
  say("ready");
  while (true) co_await pause(connection, std::chrono::hours(1));
}

asio::awaitable<void> call(amqp::Client& connection, Words words) {
  rpc::Client client(connection);
  rpc::OutgoingCall out;
  out.address = words.at(1);
  out.method = words.at(2);
  out.body = "hello";
  out.oneway = words.at(3) == "oneway";
  out.options.idempotent = words.at(3) == "idempotent";
  out.options.deadline = Deadline::after(std::chrono::milliseconds(static_cast<int>(std::stod(words.at(4)) * 1000)));
  say("calling");
  const auto reply = co_await client.call(std::move(out));
  say(reply.error == Errc::ok ? "reply " + reply.body
                              : "failed " + std::string(to_string(reply.error)) + " " + reply.message);
}

}  // namespace bascule::test
