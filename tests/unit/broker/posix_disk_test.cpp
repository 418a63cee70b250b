// The folder of a real file system, as far as the simulated one stands for something else.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "bascule/broker/disk.hpp"

namespace bascule::broker {
namespace {

struct PosixDisk : ::testing::Test {
  PosixDisk() {
    std::string pattern = ::testing::TempDir() + "posix-disk-XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }
  ~PosixDisk() override { std::filesystem::remove_all(folder); }
  void leave(const std::string& name, const std::string& content) const { std::ofstream(folder / name) << content; }
  std::filesystem::path folder;
};

TEST_F(PosixDisk, WhatACrashLeftUnfinishedGoesAtTheNextStartAndNothingElse) {
  leave("0000000000000040.journal", "whole");
  leave("0000000000001040.journal.tmp", "half of a segment");
  leave("0000000000000040.scratch.tmp", "of a process that is gone");
  const auto disk = open_folder(folder);
  EXPECT_EQ(disk->list(), std::vector<std::string>{"0000000000000040.journal"});
}

TEST_F(PosixDisk, ASegmentHasItsBytesAndItsNameOnlyWhenItIsWhole) {
  const auto disk = open_folder(folder);
  const std::vector<std::uint8_t> head(64, 7);
  const auto file = disk->create("a", 3'000'000, head);
  EXPECT_EQ(disk->list(), std::vector<std::string>{"a"});
  EXPECT_EQ(file->size(), 3'000'000u);
  std::vector<std::uint8_t> found(3'000'000);
  EXPECT_EQ(file->read(0, found), found.size());
  EXPECT_TRUE(std::equal(head.begin(), head.end(), found.begin()));
  EXPECT_EQ(std::count(found.begin() + 64, found.end(), 0), 3'000'000 - 64);
}

}  // namespace
}  // namespace bascule::broker
