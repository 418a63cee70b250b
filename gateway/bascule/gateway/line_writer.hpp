// LineWriter: writes lines to a file or pipe on a thread of its own, so that a slow disk or reader stops no loop.
//
// What: whoever has lines hands over a block of whole ones; they are gathered for some milliseconds and written in order, whole
// lines together. Bounds: max_bytes wait; a block beyond them is dropped and its lines counted. At the end what waits is
// written, for as long as the reader takes something at least every flush_time. Errors: what the descriptor refuses is counted
// as dropped. Thread safety: push() and the counters from any thread; it outlives all who push.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace bascule::gateway {

class LineWriter {
 public:
  struct Options {
    std::size_t max_bytes = 4u << 20;
    std::chrono::milliseconds gather{20};
    std::chrono::milliseconds flush_time{1000};
  };

  /// `descriptor`: stays the caller's.
  LineWriter(int descriptor, Options options);
  explicit LineWriter(int descriptor) : LineWriter(descriptor, Options{}) {}
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Whole lines, each with its end. Never blocks on the descriptor.
  void push(std::string_view lines, std::uint64_t count);

  std::uint64_t dropped() const;      ///< lines
  std::size_t waiting_bytes() const;  ///< of what was pushed and not written yet

 private:
  void run();
  void write(std::string_view block);
  bool writable();
  void drop(std::string_view rest);

  const int descriptor_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string queued_;       // guarded by mutex_, as are the next three
  std::size_t writing_ = 0;  // bytes taken off the queue and not written yet
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bascule::gateway
