// How many cores this process may use: what its threads are counted by.
//
// std::thread::hardware_concurrency() knows the affinity mask, but not the quota that a container has (the control
// group's cpu.max): on a machine of 64 cores a container with 2 would start 64 threads and be throttled.
#pragma once

#include <string_view>

namespace bascule::config {

/// The smaller of the affinity mask and the control group's quota, rounded up; at least 1. Reads files: ask once.
unsigned available_cores();

/// What `cpu_max` ("QUOTA PERIOD" in microseconds, or "max PERIOD"; cgroup v2's cpu.max) leaves of `cores`. Text that is
/// none of these leaves all.
unsigned within_quota(unsigned cores, std::string_view cpu_max) noexcept;

}  // namespace bascule::config
