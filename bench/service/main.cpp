// The measured C++ service: decodes the order, confirms it, encodes it. No database.
#include "bascule/service/host.hpp"
#include "bench/bench.service.hpp"

class Echo final : public bench::EchoBase {
  boost::asio::awaitable<bench::Order> place(bascule::service::Context&, bench::Order order) override {
    order.status = bench::Status::CONFIRMED;
    co_return order;
  }
};

int main(int argc, char** argv) {
  bascule::service::Host host("bench", argc, argv);
  host.serve(std::make_unique<Echo>());
  return host.run();
}
