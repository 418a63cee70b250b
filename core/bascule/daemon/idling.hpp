// What processes of both languages say alike about loops that watch for work before they sleep (loop/spin.hpp): how long they do
// unless they are told, and their counters.
#pragma once

#include "bascule/telemetry/metrics.hpp"

namespace bascule {

/// The most that `[loop] spin_us` may say.
constexpr int max_spin_us = 10'000;

/// `[loop] spin_us` of whoever does not say it, in microseconds. `cores`: how many the process may use
/// (config::available_cores); with one, nobody could make work meanwhile.
constexpr int default_spin_us(unsigned cores) noexcept { return cores > 1 ? 50 : 0; }

/// Adds bascule_loop_{sleeps,spins,spins_found,spin_nanoseconds}_total: of all loops of this process, also where it has
/// several registries.
void register_idling(telemetry::Registry& metrics);

}  // namespace bascule
