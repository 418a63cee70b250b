// Loop: one thread's event loop. A connection, a queue, a request lives on one loop for life.
//
// Loop wraps an asio::io_context with the one thing Asio lacks for batching by the wire: work to be done once at the
// end of a turn, behind every handler that was ready when the turn began. Connections use it to write all that a turn
// produced in one system call. And before it sleeps it watches for work a little, where that pays (spin.hpp).
// Thread safety: post() and stop() from any thread; everything else on the loop's own thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

#include "bascule/loop/spin.hpp"

namespace bascule {

namespace asio = boost::asio;

/// Something that has work to do at the end of a turn. It asks with Loop::at_end_of_turn and is called once.
/// Lifetime: it must outlive the call, or withdraw with Loop::forget.
class EndOfTurn {
 public:
  virtual void end_of_turn() = 0;

 protected:
  ~EndOfTurn() = default;
};

/// What the loops of this process did when they had nothing to do. Any thread.
struct LoopIdling {
  std::atomic<std::uint64_t> sleeps{0};       ///< in the kernel, until there was work
  std::atomic<std::uint64_t> spins{0};        ///< times it watched first
  std::atomic<std::uint64_t> spins_found{0};  ///< ... and work came
  std::atomic<std::uint64_t> spin_nanoseconds{0};
  std::atomic<std::uint64_t> batches{0};  ///< times that a loop became a batch thread (Spin::steady)
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  asio::io_context& context() noexcept { return context_; }
  /// Runs on the calling thread until stop().
  void run();
  /// How long run() watches for work before it sleeps, at most; 0: it sleeps at once. 50 us, or 0 on a single core, where
  /// nobody could give it work meanwhile. Before run().
  void spin(std::chrono::nanoseconds limit) noexcept { spin_limit_ = limit; }
  std::chrono::nanoseconds spin() const noexcept { return spin_limit_; }
  static const LoopIdling& idling() noexcept { return idling_; }
  /// Makes run() return soon. Any thread.
  void stop() { context_.stop(); }

  /// Runs `work` on this loop later. Any thread.
  template <class Work>
  void post(Work&& work) {
    asio::post(context_, std::forward<Work>(work));
  }

  /// Calls `item.end_of_turn()` once, behind the handlers that are ready now. The caller sees to it that an item asks
  /// once a turn (a `dirty` flag).
  void at_end_of_turn(EndOfTurn& item);
  /// Takes `item` off the list, if it is there. For destructors.
  void forget(EndOfTurn& item) noexcept;

  /// Said by a handler that may be one of many of its turn, as its last act: what sixteen of them have produced is written
  /// before the seventeenth runs, so that whoever waits for it works at the same time.
  void one_of_many() {
    if (scheduled_ && ++handled_ >= share) finish_turn();
  }

  /// How many message streams live on this loop: with one there is nobody to wait for at the end of a turn.
  int streams() const noexcept { return streams_; }
  void stream_added() noexcept { ++streams_; }
  void stream_removed() noexcept { --streams_; }

  /// Does at once what waits for the end of the turn, except for items that ask again meanwhile.
  void finish_turn();

 private:
  static constexpr int share = 16;
  bool watch();
  void schedule(bool batch) noexcept;

  static LoopIdling idling_;
  std::chrono::nanoseconds spin_limit_;
  Spin spin_;
  bool batch_ = false;
  bool may_be_batch_ = true;
  int handled_ = 0;
  std::vector<EndOfTurn*> pending_;
  std::vector<EndOfTurn*> running_;
  bool scheduled_ = false;
  int streams_ = 0;
  asio::io_context context_{1};  ///< last: coroutine frames that die with it may still call forget()
};

}  // namespace bascule
