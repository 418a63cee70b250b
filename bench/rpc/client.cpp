// Typed C++ client: N calls of Echo.place in flight over one connection.   bench-rpc-client URL IN_FLIGHT TOTAL
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdlib>
#include <iostream>

#include "bascule/amqp/client.hpp"
#include "bascule/rpc/client.hpp"
#include "bench/bench.client.hpp"
#include "measure.hpp"

namespace asio = boost::asio;

namespace {

bench::Order sample() {
  bench::Order order;
  order.id = 1000001;
  order.customer_id = 48213;
  order.status = bench::Status::PENDING;
  order.currency = "EUR";
  order.placed_at = 1767225600123;
  order.email = "ada.lovelace@example.org";
  order.express = true;
  order.discount = 0.05;
  order.__set_note("Please leave it at the door");
  order.address.name = "Ada Lovelace";
  order.address.street = "12 St James's Square";
  order.address.city = "London";
  order.address.postcode = "SW1Y 4JH";
  order.address.country = "GB";
  const auto line = [](std::int64_t id, const char* sku, std::int32_t quantity, std::int64_t price) {
    bench::Line l;
    l.product_id = id;
    l.sku = sku;
    l.quantity = quantity;
    l.price_minor = price;
    return l;
  };
  order.lines = {line(7001, "KB-104-UK", 1, 8999), line(7042, "MOUSE-2B", 2, 1950), line(90210, "USB-C-1M", 4, 7990)};
  order.__set_tags({"gift", "priority"});
  return order;
}

asio::awaitable<void> worker(bench::EchoClient& client, const bench::Order& order, bench::Measure& measure,
                             std::size_t& left) {
  while (left > 0) {
    --left;
    const auto started = bench::Clock::now();
    const auto answer = co_await client.place(order);
    if (answer.status != bench::Status::CONFIRMED || answer.lines.size() != 3) {
      std::cerr << "a wrong answer\n";
      std::exit(1);
    }
    if (measure.done(started)) {
      measure.print();
      std::exit(0);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: bench-rpc-client amqp://HOST:PORT IN_FLIGHT TOTAL\n";
    return 2;
  }
  bascule::Loop loop;
  bascule::amqp::ClientOptions options;
  options.url = argv[1];
  bascule::amqp::Client connection(loop, options);
  bascule::rpc::Client rpc(connection);
  bench::EchoClient client(rpc);
  const auto order = sample();
  const auto in_flight = std::atoi(argv[2]);
  std::size_t total = static_cast<std::size_t>(std::atoll(argv[3])), left = total;
  bench::Measure measure(total);
  connection.on_state([&](bool up, const std::string& reason) {
    if (!up) {
      std::cerr << "the connection was lost: " << reason << "\n";
      std::exit(1);
    }
    measure.begin();
    for (int i = 0; i < in_flight; ++i)
      asio::co_spawn(loop.context(), worker(client, order, measure, left), asio::detached);
  });
  connection.start();
  loop.run();
}
