#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {
namespace {

constexpr std::size_t longest_key = 255;

bool is_key(std::string_view key) {
  if (key.empty() || key.size() > longest_key) return false;
  for (const char c : key) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return true;
}

}  // namespace

Step call(Exchange& exchange) {
  rpc::CallOptions& options = exchange.outgoing->options;
  if (const std::string_view* key = exchange.request().find("idempotency-key")) {
    if (!is_key(*key)) {
      return exchange.fail({400, "idempotency_key", "must be 1 to 255 visible ASCII characters",
                            transcode::Source::header, "idempotency-key"},
                           "DI");
    }
    options.idempotency_key = *key;
  }
  Context& context = exchange.context();
  if (context.upstream.in_flight() >= context.settings.max_in_flight) {
    exchange.response().add("retry-after", "1");
    return exchange.fail({503, "overloaded", "too many calls are open; try again later", transcode::Source::reply, {}},
                         "UO");
  }
  options.deadline = exchange.deadline;
  options.trace = exchange.trace;
  const auto sent = Clock::now();
  exchange.call(*std::move(exchange.outgoing), [&exchange, sent](rpc::Reply&& reply) {
    exchange.service_seconds = std::chrono::duration<double>(Clock::now() - sent).count();
    exchange.reply = std::move(reply);
    exchange.resume();
  });
  return Step::wait;
}

}  // namespace bascule::gateway::stages
