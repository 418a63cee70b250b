// Connection: one PostgreSQL session on a Loop. libpq in pipeline mode; never blocks the loop.
//
//   auto db = std::make_shared<pg::Connection>(loop, pg::ConnectionOptions{.conninfo = "host=/run/bascule
//   dbname=shop"}); co_await db->connect(deadline); auto products = co_await db->exec(deadline, "select id,
//   name from product where id = any($1)", ids);
//
// Any number of coroutines may exec() at once: their statements share one pipeline, each is its own
// transaction, and all that one turn of the loop produced leaves in one write. A multi-statement transaction
// needs a connection for itself: take it from a Pool. Errors: SqlError when a statement failed;
// Error(unavailable) when the connection is lost, also for what was in flight (whether it was done is then
// not known); Error(deadline_exceeded) when the deadline passes first: the statement may still run, and is
// ended by the server's statement_timeout soon after; Error(resource_exhausted) at max_in_flight.
// Cancellation: the awaiting coroutine may be cancelled; the statement, once sent, runs on.
// Lifetime: held by shared_ptr; a pending call keeps it alive. The destructor closes.
// Thread safety: the loop's own thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bascule/loop/deadline.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/pg/pipeline.hpp"

struct pg_conn;

namespace bascule::pg {

struct ConnectionOptions {
  std::string conninfo;               ///< as libpq takes it: "host=… dbname=… user=…" or postgresql://…
  std::size_t statement_cache = 256;  ///< prepared statements kept, least recently used out; 0: none
  std::size_t max_in_flight = 1024;   ///< units in the pipeline, above which exec() is refused
};

struct Notification {
  std::string channel, payload;
  int backend = 0;
};

class Connection final : public std::enable_shared_from_this<Connection>, private Wire, private EndOfTurn {
 public:
  Connection(Loop& loop, ConnectionOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects and authenticates. Once only.
  asio::awaitable<void> connect(Deadline deadline);

  /// One statement as a transaction of its own.
  template <class... Params>
  asio::awaitable<Result> exec(Deadline deadline, Sql sql, Params&&... params) {
    return exec(deadline, Statement(sql, std::forward<Params>(params)...));
  }
  asio::awaitable<Result> exec(Deadline deadline, Statement statement);
  /// Several statements in one round trip, up to one sync point: all succeed, or none has an effect (unless
  /// they contain transaction commands). Throws the first failure.
  asio::awaitable<std::vector<Result>> run(Deadline deadline, std::vector<Statement> statements);
  /// Several commands in one text, without parameters: migrations. Waits until the pipeline is empty.
  asio::awaitable<void> script(Deadline deadline, std::string text);

  /// Makes the server end, by itself, a statement that runs longer than this deadline leaves (at most twice
  /// that). Sent with the next statements, and only when it differs enough from what the session has: usually
  /// it costs nothing.
  void limit(Deadline deadline);

  /// Called once when the connection is lost, with the reason; not by close().
  void on_lost(std::function<void(const std::string&)> handler) { on_lost_ = std::move(handler); }
  void on_notification(std::function<void(Notification)> handler) { on_notification_ = std::move(handler); }
  /// Ends the session at once; what is in flight fails with `unavailable`.
  void close();

  bool is_open() const noexcept { return state_ == State::open; }
  /// Units that were asked for and have no answer yet.
  std::size_t in_flight() const noexcept { return pipeline_.in_flight() + pipeline_.waiting(); }
  /// Nothing in flight and no transaction open: fit for somebody else.
  bool is_clean() const noexcept;
  int backend_pid() const noexcept;
  /// "shop" at /run/bascule: for messages.
  const std::string& name() const noexcept { return name_; }

 private:
  enum class State {
    fresh,       ///< connect() was not called
    connecting,  ///< connect() is at work
    open,        ///< serves
    closed,      ///< for good
  };
  struct Call;

  void end_of_turn() override;
  bool send_prepare(const std::string& name, std::string_view text) override;
  bool send_prepared(const std::string& name, const Statement& statement) override;
  bool send_unprepared(const Statement& statement) override;
  bool send_sync() override;
  bool send_script(std::string_view text) override;
  bool enter_pipeline();

  asio::awaitable<void> handshake();
  asio::awaitable<std::vector<Result>> submit(std::shared_ptr<Call> call, Deadline deadline);
  void check_usable(Deadline deadline) const;
  void mark_dirty();
  void flush();
  void wait_readable();
  void wait_writable();
  void on_readable();
  bool drain();
  void deliver_notifications();
  void lost(const std::string& why);
  void shut(const Broken& why);
  std::string last_message() const;
  static void on_notice(void* self, const struct pg_result* notice);

  struct Finish {
    void operator()(::pg_conn* raw) const noexcept;
  };

  Loop& loop_;
  ConnectionOptions options_;
  std::string name_;
  std::unique_ptr<::pg_conn, Finish> raw_;
  asio::posix::stream_descriptor socket_;  ///< libpq's descriptor, borrowed
  asio::steady_timer connect_timer_;
  Deadline connect_deadline_;
  Pipeline pipeline_;
  State state_ = State::fresh;
  bool dirty_ = false;
  bool writing_ = false;
  std::uint64_t session_timeout_ms_ = 0;
  std::string last_fatal_notice_;
  std::function<void(const std::string&)> on_lost_;
  std::function<void(Notification)> on_notification_;
};

/// The statement_timeout, in milliseconds, for a deadline: the next power of two at or above the time left,
/// so that calls with about the same time share one setting; 0 (none) for a deadline that never comes. Pure.
std::uint64_t timeout_step(Deadline deadline, Clock::time_point now) noexcept;

}  // namespace bascule::pg
