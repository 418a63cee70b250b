#include "bascule/daemon/idling.hpp"

#include "bascule/loop/loop.hpp"

namespace bascule {

void register_idling(telemetry::Registry& metrics) {
  auto& sleeps = metrics.counter("bascule_loop_sleeps_total", "Times a loop had nothing to do and slept.").one();
  auto& spins = metrics.counter("bascule_loop_spins_total", "Times a loop watched for work before it slept.").one();
  auto& found = metrics.counter("bascule_loop_spins_found_total", "... and work came.").one();
  auto& nanoseconds = metrics.counter("bascule_loop_spin_nanoseconds_total", "Time spent watching.").one();
  auto& batches = metrics.counter("bascule_loop_batches_total", "Times a loop became a batch thread.").one();
  metrics.on_collect([&] {
    const auto& idling = Loop::idling();
    sleeps.set_total(idling.sleeps.load(std::memory_order_relaxed));
    spins.set_total(idling.spins.load(std::memory_order_relaxed));
    found.set_total(idling.spins_found.load(std::memory_order_relaxed));
    nanoseconds.set_total(idling.spin_nanoseconds.load(std::memory_order_relaxed));
    batches.set_total(idling.batches.load(std::memory_order_relaxed));
  });
}

}  // namespace bascule
