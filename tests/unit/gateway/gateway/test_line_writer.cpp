#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>

#include "bascule/gateway/line_writer.hpp"

namespace bascule::gateway {
namespace {

using std::chrono::milliseconds;

/// A pipe that holds 4 KiB.
struct Pipe {
  Pipe() {
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
  }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  void close_reader() { ends[0] = ends[0] < 0 ? -1 : (::close(ends[0]), -1); }
  void close_writer() { ends[1] = ends[1] < 0 ? -1 : (::close(ends[1]), -1); }
  std::string read_all() const {
    std::string all;
    char buffer[1000];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
    return all;
  }
  int ends[2];
};

std::string line(int number, std::size_t size = 30) {
  std::string text = std::to_string(number);
  text.resize(size - 1, '.');
  return text + '\n';
}

TEST(LineWriter, WritesAllInOrderAndWhatWaitsAtTheEnd) {
  Pipe pipe;
  auto reading = std::async(std::launch::async, [&pipe] { return pipe.read_all(); });
  std::string wanted;
  {
    LineWriter writer(pipe.ends[1]);
    for (int i = 0; i < 10'000; ++i) {
      const std::string text = line(i, i % 100 == 0 ? 9000 : 30);  // longer than a write that cannot be torn, too
      wanted += text;
      writer.push(text, 1);
    }
    EXPECT_EQ(writer.dropped(), 0u);
  }
  pipe.close_writer();
  EXPECT_EQ(reading.get(), wanted);
}

TEST(LineWriter, AReaderThatStandsStillCostsLinesNotTime) {
  Pipe pipe;
  LineWriter writer(pipe.ends[1], {.max_bytes = 10'000, .gather = milliseconds(1), .flush_time = milliseconds(20)});
  const std::string two = line(0, 500) + line(1, 500);
  for (int i = 0; i < 100; ++i) writer.push(two, 2);  // 100 KB: 4 KiB are in the pipe at the most, 10 KB wait
  EXPECT_GE(writer.dropped(), 2u * (100 - 4 - 10));
  EXPECT_LE(writer.waiting_bytes(), 10'000u);
  EXPECT_GT(writer.waiting_bytes(), 5'000u);
}  // ends, although nobody reads

TEST(LineWriter, WhatCannotBeWrittenIsCounted) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  std::uint64_t dropped = 0;
  {
    LineWriter writer(pipe.ends[1], {.gather = milliseconds(0)});
    writer.push(line(1) + line(2), 2);
    while ((dropped = writer.dropped()) == 0) std::this_thread::yield();
    EXPECT_EQ(writer.waiting_bytes(), 0u);
  }
  EXPECT_EQ(dropped, 2u);
}

}  // namespace
}  // namespace bascule::gateway
