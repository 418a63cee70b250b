#include "bascule/events/outbox_relay.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "bascule/events/inbox.hpp"
#include "bascule/loop/error.hpp"

namespace bascule::events {
namespace {

constexpr std::int64_t lock_key = 0x6261'7363'756c'6502;
// Only rows below the horizon: every transaction that began before theirs has ended.
constexpr pg::Sql read_rows =
    "select id, event_id::text, topic, type, key, body, headers, created_at from bascule_outbox"
    " where txid < pg_snapshot_xmin(pg_current_snapshot()) and key <> all($1) and id <> all($2) order by id "
    "limit $3";
constexpr pg::Sql any_unsettled =
    "select exists (select from bascule_outbox where txid >= pg_snapshot_xmin(pg_current_snapshot()))";
constexpr pg::Sql delete_rows = "delete from bascule_outbox where id = any($1)";

/// The column positions are those of read_rows.
OutboxRow read(const pg::Row& row) {
  OutboxRow made;
  made.id = row.get<std::int64_t>(0);
  made.event_id = row.get<std::string>(1);
  made.topic = row.get<std::string>(2);
  made.type = row.get<std::string>(3);
  made.key = row.get<std::string>(4);
  made.body = row.get<pg::Bytes>(5).data;
  const auto headers = row.get<std::vector<std::string>>(6);
  for (std::size_t i = 0; i + 1 < headers.size(); i += 2) made.headers.emplace_back(headers[i], headers[i + 1]);
  made.created_at = row.get<pg::Timestamp>(7);
  return made;
}

}  // namespace

/// The relay behind its owner: background coroutines keep it alive by their argument and end soon after
/// quit().
class OutboxRelay::Core final : public std::enable_shared_from_this<Core> {
 public:
  Core(Loop& loop, OutboxRelayOptions options, EventSink& sink)
      : loop_(loop),
        options_(std::move(options)),
        sink_(&sink),
        order_(options_.order),
        wake_(loop.context()),
        ended_(loop.context(), Clock::time_point::max()),
        random_(std::random_device{}()),
        session_backoff_(options_.order.backoff) {}

  static asio::awaitable<void> run(std::shared_ptr<Core> self);
  void nudge() {
    nudged_ = true;
    wake_.cancel();
  }
  asio::awaitable<void> stop(Deadline deadline);
  void quit();
  OutboxRelayStats stats() const;

 private:
  asio::awaitable<void> session();
  asio::awaitable<bool> become_active();
  asio::awaitable<void> relay_once();
  asio::awaitable<void> publish_batch();
  static asio::awaitable<void> publish_one(std::shared_ptr<Core> self, const OutboxRow* row);
  asio::awaitable<void> prune_inbox();
  asio::awaitable<void> rest(Clock::time_point until);
  Deadline database_deadline() const { return Deadline::after(options_.database_timeout); }
  bool connected() const { return connection_ && connection_->is_open(); }
  void log(const std::string& sentence) const {
    if (options_.log) options_.log(sentence);
  }

  Loop& loop_;
  OutboxRelayOptions options_;
  EventSink* sink_;  ///< null once the owner is gone
  OutboxOrder order_;
  std::shared_ptr<pg::Connection> connection_;
  asio::steady_timer wake_;
  asio::steady_timer ended_;
  std::mt19937_64 random_;
  Backoff session_backoff_;
  Clock::duration unsettled_wait_{};  ///< grows while rows wait for other transactions to end
  Clock::time_point next_prune_{};
  OutboxRelayStats stats_;
  bool nudged_ = false;
  bool stopping_ = false;
  bool running_ = false;
};

asio::awaitable<void> OutboxRelay::Core::run(std::shared_ptr<Core> self) {
  self->running_ = true;
  while (!self->stopping_) {
    try {
      co_await self->session();
    } catch (const std::exception& error) {
      self->log(std::string("outbox: ") + error.what());
    }
    self->stats_.active = false;
    self->connection_.reset();
    if (!self->stopping_) co_await self->rest(Clock::now() + self->session_backoff_.next(self->random_()));
  }
  self->running_ = false;
  self->ended_.cancel();
}

asio::awaitable<void> OutboxRelay::Core::session() {
  connection_ = std::make_shared<pg::Connection>(loop_, options_.connection);
  co_await connection_->connect(database_deadline());
  connection_->on_notification([weak = weak_from_this()](const pg::Notification&) {
    // A standby that passed on what another standby sent would have the two wake each other for ever.
    if (const auto self = weak.lock(); self && self->stats_.active) self->nudge();
  });
  connection_->on_lost([weak = weak_from_this()](const std::string&) {
    if (const auto self = weak.lock()) self->nudge();
  });
  co_await connection_->exec(database_deadline(), "listen bascule_outbox");
  stats_.sessions += 1;
  while (!stopping_ && connected()) {
    if (!stats_.active && !co_await become_active()) continue;
    co_await relay_once();
    session_backoff_.reset();
  }
  // What was confirmed since the last read is deleted before another relay may read it.
  if (stats_.active && connected() && !order_.confirmed_ids().empty()) {
    co_await connection_->exec(database_deadline(), delete_rows, order_.confirmed_ids());
    order_.deleted();
  }
  if (connected()) connection_->close();
}

asio::awaitable<bool> OutboxRelay::Core::become_active() {
  const auto locked = co_await connection_->exec(database_deadline(), "select pg_try_advisory_lock($1)", lock_key);
  stats_.active = locked.one<bool>();
  if (stats_.active) {
    log("outbox: this relay is the active one");
    co_return true;
  }
  co_await rest(Clock::now() + options_.standby_poll);
  if (nudged_ && connected() && !stopping_) {
    nudged_ = false;
    co_await connection_->exec(database_deadline(), "select pg_notify('bascule_outbox', '')");
  }
  co_return false;
}

asio::awaitable<void> OutboxRelay::Core::relay_once() {
  nudged_ = false;
  if (order_.paused(Clock::now())) {
    co_await rest(*order_.next_retry(Clock::now()));
    co_return;
  }
  const auto now = Clock::now();
  std::vector<pg::Statement> statements;
  const bool deletes = !order_.confirmed_ids().empty();
  if (deletes) statements.emplace_back(delete_rows, order_.confirmed_ids());
  statements.emplace_back(read_rows, order_.blocked_keys(now), order_.blocked_ids(now), options_.batch);
  const auto results = co_await connection_->run(database_deadline(), std::move(statements));
  if (deletes) order_.deleted();
  stats_.reads += 1;
  std::vector<OutboxRow> rows;
  for (const auto& row : results.back()) rows.push_back(read(row));
  stats_.oldest_age_ms = rows.empty() ? 0
                                      : std::chrono::duration_cast<std::chrono::milliseconds>(
                                            std::chrono::system_clock::now() - rows.front().created_at)
                                            .count();
  if (!rows.empty()) {
    stats_.batches += 1;
    unsettled_wait_ = {};
    order_.load(std::move(rows), Clock::now());
    co_await publish_batch();
    co_return;
  }
  if (options_.keep_inbox.count() > 0 && now >= next_prune_) co_return co_await prune_inbox();
  auto until = now + options_.poll;
  if ((co_await connection_->exec(database_deadline(), any_unsettled)).one<bool>()) {
    // Somebody's commit is still held back by a transaction that began earlier: look again soon, ever less
    // often.
    unsettled_wait_ = std::clamp<Clock::duration>(unsettled_wait_ * 2, std::chrono::milliseconds(1), options_.poll);
    until = std::min(until, now + unsettled_wait_);
  }
  if (const auto retry = order_.next_retry(now)) until = std::min(until, *retry);
  co_await rest(until);
}

asio::awaitable<void> OutboxRelay::Core::publish_batch() {
  for (;;) {
    // Once the session is gone so is the lock: another relay may be publishing the same rows.
    while (connected() && !stopping_) {
      const auto* const row = order_.next(Clock::now());
      if (row == nullptr) break;
      asio::co_spawn(loop_.context(), publish_one(shared_from_this(), row), asio::detached);
    }
    const bool abandoned = stopping_ || !connected();
    if (abandoned ? order_.in_flight() == 0 : order_.settled(Clock::now())) co_return;
    boost::system::error_code woken;
    wake_.expires_at(Clock::time_point::max());
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

asio::awaitable<void> OutboxRelay::Core::publish_one(std::shared_ptr<Core> self, const OutboxRow* row) {
  std::string failure;
  try {
    if (self->sink_ == nullptr) throw Error(Errc::cancelled, "the relay is gone");
    co_await self->sink_->publish(*row, Deadline::after(self->options_.publish_timeout));
  } catch (const std::exception& error) {
    failure = *error.what() != '\0' ? error.what() : "failed without a message";
  }
  if (failure.empty()) {
    self->stats_.published += 1;
    self->order_.confirmed(*row, Clock::now());
  } else {
    self->stats_.failed += 1;
    self->log("outbox: event " + row->event_id + " to " + row->topic + " could not be published: " + failure);
    self->order_.failed(*row, Clock::now(), self->random_());
  }
  self->wake_.cancel();
}

asio::awaitable<void> OutboxRelay::Core::prune_inbox() {
  next_prune_ = Clock::now() + options_.prune_every;
  stats_.pruned += co_await inbox_prune(*connection_, options_.keep_inbox, Deadline::after(options_.database_timeout));
}

asio::awaitable<void> OutboxRelay::Core::rest(Clock::time_point until) {
  if (nudged_ || stopping_) co_return;
  boost::system::error_code woken;
  wake_.expires_at(until);
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

asio::awaitable<void> OutboxRelay::Core::stop(Deadline deadline) {
  stopping_ = true;
  wake_.cancel();
  if (running_) {
    boost::system::error_code woken;
    ended_.expires_at(deadline.at());
    co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  quit();
}

void OutboxRelay::Core::quit() {
  stopping_ = true;
  sink_ = nullptr;
  wake_.cancel();
  if (connection_) connection_->close();
}

OutboxRelayStats OutboxRelay::Core::stats() const {
  auto stats = stats_;
  stats.blocked = order_.blocked();
  stats.in_flight = order_.in_flight();
  return stats;
}

OutboxRelay::OutboxRelay(Loop& loop, OutboxRelayOptions options, EventSink& sink)
    : core_(std::make_shared<Core>(loop, std::move(options), sink)), loop_(loop) {}
OutboxRelay::~OutboxRelay() { core_->quit(); }

void OutboxRelay::start() { asio::co_spawn(loop_.context(), Core::run(core_), asio::detached); }
void OutboxRelay::nudge() { core_->nudge(); }

namespace {
// Keeps the core alive while its stop() runs.
template <class Core>
asio::awaitable<void> stop_core(std::shared_ptr<Core> core, Deadline deadline) {
  co_await core->stop(deadline);
}
}  // namespace

asio::awaitable<void> OutboxRelay::stop(Deadline deadline) { return stop_core(core_, deadline); }
OutboxRelayStats OutboxRelay::stats() const { return core_->stats(); }

}  // namespace bascule::events
