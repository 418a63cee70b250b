// Debian ships Proton's engine twice (libqpid-proton-core.so.10 and the monolithic libqpid-proton.so.11). A process that
// maps both has two engines whose objects must never meet.
#include <gtest/gtest.h>
#include <proton/connection_driver.h>

#include <fstream>
#include <set>
#include <string>

namespace {

std::set<std::string> mapped_engines() {
  std::set<std::string> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto at = line.find("libqpid-proton");
    if (at == std::string::npos) continue;
    const auto name = line.substr(at);
    // The C++ API and the proactor stand on an engine; they hold none.
    if (name.starts_with("libqpid-proton-cpp") || name.starts_with("libqpid-proton-proactor")) continue;
    found.insert(name);
  }
  return found;
}

TEST(OneEngine, IsMapped) {
  pn_connection_driver_t driver;
  ASSERT_EQ(pn_connection_driver_init(&driver, nullptr, nullptr), 0);
  pn_connection_driver_destroy(&driver);
  const auto engines = mapped_engines();
  EXPECT_EQ(engines.size(), 1u);
  for (const auto& name : engines) EXPECT_TRUE(name.starts_with("libqpid-proton-core.so.10")) << name;
}

}  // namespace
