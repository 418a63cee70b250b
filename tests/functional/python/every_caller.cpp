// Calls every method of every.Every on a broker with the values of the golden messages, and checks every answer.
//
//   every-caller amqp://127.0.0.1:5672 tests/golden
//
// Prints one line a check; exit code 1 when one failed.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "bascule/amqp/client.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/rpc/client.hpp"
#include "bascule/service/context.hpp"
#include "every/every_type.client.hpp"
#include "every/every_type_types.tcc"
#include "unit/contract/every_service.hpp"

namespace bascule::test {
namespace {

namespace asio = boost::asio;
int failures = 0;

void check(const std::string& what, bool holds) {
  std::cout << (holds ? "ok     " : "FAILED ") << what << std::endl;
  if (!holds) ++failures;
}

std::string golden(const std::string& folder, const std::string& name) {
  std::ifstream in(folder + '/' + name + ".compact", std::ios::binary);
  if (!in) throw std::runtime_error("no golden message " + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A context of nothing, to run the service's own reading.
class NoContext final : public service::Context {
 public:
  NoContext() : Context({}) {}
  asio::awaitable<pg::Transaction*> transaction() override { throw Error(Errc::unavailable, "no database"); }
  pg::Pool& database() override { throw Error(Errc::unavailable, "no database"); }
  rpc::Client& client() override { throw Error(Errc::unavailable, "no client"); }
  asio::awaitable<void> emit(service::EncodedEvent) override { throw Error(Errc::unavailable, "no database"); }
};

void dispatch(EveryService& service, const std::string& name, const std::string& message) {
  NoContext context;
  asio::io_context loop;
  std::size_t method = 0;
  while (service.info().methods[method].name != name) ++method;
  asio::co_spawn(loop, service.dispatch(context, method, rpc::Encoding::compact, message),
                 [](std::exception_ptr error, service::Answer) {
                   if (error) std::rethrow_exception(error);
                 });
  loop.run();
}

/// The value of a golden message, read by the service's own code.
template <class T>
T value_of(const std::string& folder, const std::string& name, T EveryService::* member) {
  EveryService service;
  dispatch(service, name, golden(folder, name));
  return service.*member;
}

asio::awaitable<void> echoes(every::EveryClient& caller, const std::string& folder){
#define ECHO_OF(name, member)                                          \
  {                                                                    \
    const auto value = value_of(folder, #name, &EveryService::member); \
    check(#name, (co_await caller.name(value)) == value);              \
  }
    ECHO_OF(scalars, last_scalars) ECHO_OF(presence, last_presence) ECHO_OF(containers, last_containers)
        ECHO_OF(keys, last_keys) ECHO_OF(node, last_node) ECHO_OF(choice, last_choice) ECHO_OF(awkward, last_awkward)
            ECHO_OF(checked, last_checked)
#undef ECHO_OF
}

asio::awaitable<void> plain_values(every::EveryClient& caller) {
  check("echo_base", co_await caller.echo_base("grüß") == "grüß");
  check("negate", !co_await caller.negate(true));
  check("reverse", co_await caller.reverse(std::string("\0ab", 3)) == std::string("ba\0", 3));
  check("colour", co_await caller.colour(every_common::Colour::BLUE) == every_common::Colour::BLUE);
  const std::vector<std::string> items{"", "a"};
  check("str", co_await caller.str(items) == items);
  every_common::Point point;
  point.x = 1;
  point.y = -1;
  const std::map<std::int32_t, std::vector<every_common::Point>> points{{-1, {point}}, {5, {}}};
  check("map_of", co_await caller.map_of(points) == points);
  co_await caller.nothing();
  check("nothing", true);
}

asio::awaitable<void> failing(every::EveryClient& caller) {
  check("fail(0)", co_await caller.fail(0) == 0);
  try {
    co_await caller.fail(1);
    check("Refused", false);
  } catch (const every_common::Refused& refused) {
    check("Refused", refused.message == "no" && refused.code == 7);
  }
  try {
    co_await caller.fail_void(2);
    check("Failure", false);
  } catch (const every::Failure&) {
    check("Failure", true);
  }
  try {
    co_await caller.fail(3);
    check("undeclared is internal", false);
  } catch (const Error& error) {
    check("undeclared is internal", error.code() == Errc::internal);
    check("and tells nothing of the inside", std::string(error.what()).find("declared this") == std::string::npos);
  }
}

asio::awaitable<void> checks(every::EveryClient& caller, const std::string& folder) {
  auto value = value_of(folder, "checked", &EveryService::last_checked);
  value.count = 11;
  try {
    co_await caller.checked(value);
    check("vt.le is checked", false);
  } catch (const Error& error) {
    check("vt.le is checked", error.code() == Errc::invalid_argument);
    check("and the field is named", std::string(error.what()).find("count") != std::string::npos);
  }
}

asio::awaitable<void> run(amqp::Client& connection, rpc::Client& client, std::string folder) {
  connection.start();
  asio::steady_timer timer(connection.loop().context());
  for (int i = 0; i < 500 && !connection.connected(); ++i) {
    timer.expires_after(std::chrono::milliseconds(10));
    co_await timer.async_wait(asio::use_awaitable);
  }
  every::EveryClient caller(client);
  co_await echoes(caller, folder);
  co_await plain_values(caller);
  co_await failing(caller);
  co_await checks(caller, folder);
}

}  // namespace
}  // namespace bascule::test

int main(int argc, char** argv) {
  using namespace bascule;
  if (argc != 3) return std::cerr << "usage: every-caller URL GOLDEN_FOLDER\n", 2;
  Loop loop;
  amqp::ClientOptions options;
  options.url = argv[1];
  amqp::Client connection(loop, options);
  rpc::Client client(connection);
  asio::co_spawn(loop.context(), test::run(connection, client, argv[2]), [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& failure) {
      test::check(std::string("no exception: ") + failure.what(), false);
    }
    loop.stop();
  });
  loop.run();
  return test::failures == 0 ? 0 : 1;
}
