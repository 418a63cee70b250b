#include "bascule/config/cores.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

namespace bascule::config {
namespace {

std::string first_line(const char* path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

}  // namespace

unsigned within_quota(unsigned cores, std::string_view cpu_max) noexcept {
  const char* const end = cpu_max.data() + cpu_max.size();
  std::uint64_t quota = 0, period = 0;
  const auto [space, error] = std::from_chars(cpu_max.data(), end, quota);
  if (error != std::errc() || space == end || *space != ' ') return cores;
  if (std::from_chars(space + 1, end, period).ec != std::errc() || period == 0) return cores;
  const std::uint64_t whole = quota / period + (quota % period == 0 ? 0 : 1);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(whole, 1, cores));
}

unsigned available_cores() {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const std::string v2 = first_line("/sys/fs/cgroup/cpu.max");
  if (!v2.empty()) return within_quota(cores, v2);
  return within_quota(cores, first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") + " " +
                                 first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));  // v1: no quota is -1
}

}  // namespace bascule::config
