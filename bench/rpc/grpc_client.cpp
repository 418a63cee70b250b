// The peer's client: N unary calls in flight on one channel, asynchronous.   bench-grpc-client HOST:PORT|unix:PATH IN_FLIGHT TOTAL
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "measure.hpp"
#include "order.grpc.pb.h"

namespace {

bench::Order sample() {
  bench::Order order;
  order.set_id(1000001);
  order.set_customer_id(48213);
  order.set_status(bench::PENDING);
  order.set_currency("EUR");
  order.set_placed_at(1767225600123);
  order.set_email("ada.lovelace@example.org");
  order.set_express(true);
  order.set_discount(0.05);
  order.set_note("Please leave it at the door");
  auto& address = *order.mutable_address();
  address.set_name("Ada Lovelace");
  address.set_street("12 St James's Square");
  address.set_city("London");
  address.set_postcode("SW1Y 4JH");
  address.set_country("GB");
  const auto line = [&](std::int64_t id, const char* sku, std::int32_t quantity, std::int64_t price) {
    auto& l = *order.add_lines();
    l.set_product_id(id);
    l.set_sku(sku);
    l.set_quantity(quantity);
    l.set_price_minor(price);
  };
  line(7001, "KB-104-UK", 1, 8999);
  line(7042, "MOUSE-2B", 2, 1950);
  line(90210, "USB-C-1M", 4, 7990);
  order.add_tags("gift");
  order.add_tags("priority");
  return order;
}

struct Call {
  grpc::ClientContext context;
  bench::Order answer;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<bench::Order>> reader;
  bench::Clock::time_point started;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: bench-grpc-client HOST:PORT|unix:PATH IN_FLIGHT TOTAL\n";
    return 2;
  }
  const auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());
  channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
  const auto stub = bench::Echo::NewStub(channel);
  const auto order = sample();
  const std::size_t in_flight = static_cast<std::size_t>(std::atoi(argv[2])),
                    total = static_cast<std::size_t>(std::atoll(argv[3]));
  bench::Measure measure(total);
  grpc::CompletionQueue queue;
  std::size_t started = 0;
  const auto start = [&] {
    if (started++ >= total) return;
    auto* const call = new Call;
    call->started = bench::Clock::now();
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    call->reader = stub->AsyncPlace(&call->context, order, &queue);
    call->reader->Finish(&call->answer, &call->status, call);
  };
  measure.begin();
  for (std::size_t i = 0; i < in_flight; ++i) start();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    if (!call->status.ok() || call->answer.status() != bench::CONFIRMED || call->answer.lines_size() != 3) {
      std::cerr << "a wrong answer: " << call->status.error_message() << "\n";
      return 1;
    }
    if (measure.done(call->started)) {
      measure.print();
      std::_Exit(0);
    }
    start();
  }
}
