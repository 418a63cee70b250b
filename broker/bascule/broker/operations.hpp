// Operations: what an administrator does to queues and topics. The one engine behind the node `$management` (AMQP,
// management.hpp) and /api/v1 (HTTP, broker/bascule/admin): both only translate.
//
// Nothing here blocks the loop: what is not in memory is read off it, and long work is done a part at a time in turns of
// its own. Bounds: max_at_once operations that read or walk, max_waiting more in line, then 503; jobs.hpp has those of jobs.
// Statuses are HTTP's: 200, 201 (made), 400, 404, 409, 503. Who may do it is for the caller to ask before.
// Callbacks come later, never from inside, once; none after this is destroyed. Thread safety: the broker's loop only.
#pragma once

#include "bascule/broker/jobs.hpp"

namespace bascule::broker {

/// How an operation ended; `detail` is a sentence when it failed.
struct Verdict {
  int status = 200;
  std::string detail = "OK";
  bool failed() const noexcept { return status >= 300; }
};

struct NodeInfo {
  std::string address;
  Node::Kind kind = Node::Kind::queue;
  std::uint64_t messages = 0, unsettled = 0, scheduled = 0, bytes = 0, consumers = 0;  ///< a queue's
  std::string stopped = {};                                                            ///< why it is out of service
};
const char* to_string(Node::Kind kind) noexcept;

struct PeekRequest {
  std::string name;
  std::optional<std::uint64_t> count = {};
  bool scheduled = false;  ///< those that are not due, instead of those that wait
};
struct Peeked {
  Position position = 0;
  std::uint32_t delivery_count = 0;
  MessageRef message;
};

class Operations {
 public:
  static constexpr std::uint64_t peek_default = 10, peek_most = 100, move_default = 100, move_most = 10'000;
  static constexpr std::uint64_t peek_bytes = 4U << 20;  ///< of all that one peek shows, but for the last
  static constexpr std::size_t max_at_once = 4, max_waiting = 64;
  using Counted = std::function<void(const Verdict&, std::uint64_t count)>;
  using Shown = std::function<void(const Verdict&, std::vector<Peeked>)>;

  Operations(Router& router, Storage& storage, Reads::Defer defer, Reads::Clock clock,
             std::function<std::int64_t()> wall_ms);

  /// Every node, by address.
  std::vector<NodeInfo> list() const;
  std::optional<NodeInfo> find(const std::string& name) const;
  /// 200: it was there already.
  Verdict declare(const std::string& name, bool topic);
  Verdict remove(const std::string& name);
  /// Discards what waits, or is scheduled, now.
  void purge(const std::string& name, Counted done);
  /// Oldest first; fewer than asked for once peek_bytes are shown.
  void peek(const PeekRequest& request, Shown done);
  /// Takes back the scheduled message at this position.
  void cancel(const std::string& name, Position position, Counted done);
  /// Takes back those scheduled with this message-id.
  void cancel(const std::string& name, const std::string& message_id, Counted done);
  /// Moves at once (a job goes on by itself): up to `limit` (move_default, at most move_most), until a node has no room.
  void move(const JobRequest& request, Counted done);
  Jobs& jobs() noexcept { return jobs_; }
  const Jobs& jobs() const noexcept { return jobs_; }

  void sweep(Time now) { jobs_.sweep(now); }
  Time now() const { return reads_.now(); }
  /// For metrics: operations under way, and those in line.
  std::size_t at_once() const noexcept { return at_once_; }
  std::size_t waiting() const noexcept { return line_.size(); }

 private:
  /// Something that walks over a queue; it keeps itself alive by its callbacks.
  struct Walking;
  struct Peeking;
  struct Purging;
  struct Cancelling;
  Queue* queue(const std::string& name) const;
  bool admit(std::function<void()> work);
  void finished();
  void peek_on(const std::shared_ptr<Peeking>& peeking);
  void purge_on(const std::shared_ptr<Purging>& purging);
  void cancel_on(const std::shared_ptr<Cancelling>& cancelling);

  Router& router_;
  Reads reads_;
  Jobs jobs_;
  std::size_t at_once_ = 0;
  std::deque<std::function<void()>> line_;
};

}  // namespace bascule::broker
