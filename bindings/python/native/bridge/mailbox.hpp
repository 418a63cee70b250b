// Mailbox and Outbound: the two batched queues between the I/O thread and Python's.
//
// Mailbox carries letters to the asyncio thread: a push writes the eventfd only when the box was empty, so a batch of any
// size wakes asyncio once. Outbound carries work to the loop: one post a batch; while asyncio works through a batch of
// letters (held), nothing is posted until its end.
// The I/O thread never takes the GIL: a letter runs, and is destroyed, on the thread that took it.
// Thread safety: any thread; take(), hold() and release() on the asyncio thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "bascule/loop/loop.hpp"
#include "bascule/loop/unique_function.hpp"

namespace bascule::python {

using Letter = UniqueFunction<void()>;

class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void push(Letter letter);
  /// Readable while letters wait.
  int fd() const noexcept { return fd_; }
  /// Everything that came so far. The vector given is reused for its memory.
  void take(std::vector<Letter>& into);

 private:
  int fd_;
  std::mutex mutex_;
  std::vector<Letter> letters_;
};

class Outbound : public std::enable_shared_from_this<Outbound> {
 public:
  explicit Outbound(Loop& loop) : loop_(loop) {}

  /// Runs `work` on the loop. After close() it is dropped (destroyed here).
  void push(Letter work);
  void hold();
  void release();
  /// On the loop's thread, or when it no longer runs.
  void run();
  /// Nothing is posted any more.
  void close();

 private:
  void post();

  Loop& loop_;
  std::mutex mutex_;
  std::vector<Letter> waiting_, running_;
  bool posted_ = false, held_ = false, closed_ = false;
};

}  // namespace bascule::python
