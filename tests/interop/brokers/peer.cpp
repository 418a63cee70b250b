#include "interop/brokers/peer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "bascule/profile/profile.hpp"

namespace bascule::test {
namespace {

constexpr const char* usage =
    "usage: broker-peer URL serve ADDRESS INSTANCE answer|hold\n"
    "       broker-peer URL call ADDRESS METHOD idempotent|once|oneway SECONDS\n"
    "       broker-peer URL publish TOPIC COUNT KEYS PREFIX DELAY_MS\n"
    "       broker-peer URL subscribe TOPIC GROUP INSTANCE take|fail|hold|reject\n"
    "       broker-peer URL refuse TOPIC GROUP\n"
    "       broker-peer URL read ADDRESS\n";

asio::awaitable<void> run(amqp::Client& connection, Words words) {
  connection.start();
  while (!connection.connected()) co_await pause(connection, std::chrono::milliseconds(10));
  say("profile " + connection.profile().name());
  const auto what = words.empty() ? std::string() : words[0];
  if (what == "serve") co_await serve(connection, std::move(words));
  if (what == "call") co_await call(connection, std::move(words));
  if (what == "publish") co_await publish(connection, std::move(words));
  if (what == "subscribe") co_await subscribe(connection, std::move(words));
  if (what == "refuse") co_await refuse(connection, std::move(words));
  if (what == "read") co_await read(connection, std::move(words));
}

}  // namespace

asio::awaitable<void> pause(amqp::Client& connection, std::chrono::milliseconds time) {
  asio::steady_timer timer(connection.loop().context(), time);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace bascule::test

int main(int argc, char** argv) {
  using namespace bascule;
  if (argc < 4) return std::cerr << test::usage, 2;
  Loop loop;
  amqp::ClientOptions options;
  options.url = argv[1];
  options.reconnect_max = std::chrono::milliseconds(500);
  amqp::Client connection(loop, options);
  int code = 0;
  asio::co_spawn(loop.context(), test::run(connection, {argv + 2, argv + argc}), [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& failure) {
      test::say(std::string("error ") + failure.what());
      code = 1;
    }
    connection.close([&] { loop.stop(); });
  });
  loop.run();
  return code;
}
