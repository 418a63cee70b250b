// Loop: one thread's event loop. A connection, a queue, a request lives on one loop for life.
//
// Loop wraps an asio::io_context with the one thing Asio lacks for batching by the wire: work to be done once at the
// end of a turn, behind every handler that was ready when the turn began. Connections use it to write all that a turn
// produced in one system call.
// Thread safety: post() and stop() from any thread; everything else on the loop's own thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <vector>

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

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  asio::io_context& context() noexcept { return context_; }
  /// Runs on the calling thread until stop() or until no work is left.
  void run();
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

  /// How many message streams live on this loop: with one there is nobody to wait for at the end of a turn.
  int streams() const noexcept { return streams_; }
  void stream_added() noexcept { ++streams_; }
  void stream_removed() noexcept { --streams_; }

  /// Does at once what waits for the end of the turn, except for items that ask again meanwhile.
  void finish_turn();

 private:
  std::vector<EndOfTurn*> pending_;
  std::vector<EndOfTurn*> running_;
  bool scheduled_ = false;
  int streams_ = 0;
  asio::io_context context_{1};  ///< last: coroutine frames that die with it may still call forget()
};

}  // namespace bascule
