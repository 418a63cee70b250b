#include "bascule/broker/entries.hpp"

#include <gtest/gtest.h>

namespace bascule::broker {
namespace {

void push(Entries& entries, std::uint32_t mark) {
  Entry& entry = entries.push();
  entry.cost = mark;
  entry.state = Entry::State::available;
}

TEST(Entries, OneStragglerKeepsOnePageAndNotWhatFollows) {
  Entries entries;
  constexpr std::uint32_t pages = 50;
  for (std::uint32_t i = 0; i < pages * Entries::page_size; ++i) push(entries, i);
  for (Position at = 1; at < entries.end(); ++at) entries.erase(at);
  ASSERT_NE(entries.find(0), nullptr);
  EXPECT_EQ(entries.begin(), 0u);
  EXPECT_EQ(entries.find(1), nullptr);
  EXPECT_EQ(entries.skip_gaps(Entries::page_size), entries.end()) << "pages behind the straggler must be gone";
  entries.erase(0);
  EXPECT_EQ(entries.begin(), entries.end());
}

TEST(Entries, PositionsAreForLife) {
  Entries entries;
  for (std::uint32_t round = 0; round < 10; ++round) {
    const Position first = entries.end();
    for (std::uint32_t i = 0; i < 1000; ++i) push(entries, i);
    for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(entries.find(first + i)->cost, i);
    for (std::uint32_t i = 0; i < 1000; ++i) entries.erase(first + i);
    EXPECT_EQ(entries.find(first), nullptr);
  }
  EXPECT_EQ(entries.end(), 10'000u);
}

}  // namespace
}  // namespace bascule::broker
