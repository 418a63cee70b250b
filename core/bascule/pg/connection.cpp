#include "bascule/pg/connection.hpp"

#include <libpq-fe.h>

#include <bit>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "bascule/pg/conninfo.hpp"
#include "bascule/pg/reply.hpp"

namespace bascule::pg {
namespace {

/// libpq's view of parameters: parallel arrays, valid while the statement lives.
struct Arrays {
  explicit Arrays(const Statement& statement) {
    const auto count = statement.params().size();
    values.reserve(count);
    lengths.reserve(count);
    formats.reserve(count);
    for (const auto& param : statement.params()) {
      values.push_back(param.is_null() ? nullptr : param.bytes().c_str());
      lengths.push_back(param.is_null() ? 0 : static_cast<int>(param.bytes().size()));
      formats.push_back(param.is_binary() ? 1 : 0);
    }
  }
  int count() const { return static_cast<int>(values.size()); }
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
};

int format_code(const Statement& statement) { return statement.format() == Format::binary ? 1 : 0; }

[[noreturn]] void throw_failure(const Unit& unit) {
  if (const auto* const sql = std::get_if<ErrorFields>(&unit.failure)) throw SqlError(*sql);
  const auto& broken = std::get<Broken>(unit.failure);
  throw Error(broken.code, broken.message);
}

}  // namespace

/// A unit that a coroutine waits for: the timer is both its deadline and its wake-up.
struct Connection::Call final : Unit {
  Call(asio::io_context& context, Deadline deadline) : signal(context, deadline.at()) {}
  void finished() override { signal.cancel(); }
  asio::steady_timer signal;
};

std::uint64_t timeout_step(Deadline deadline, Clock::time_point now) noexcept {
  if (deadline.is_never()) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.remaining(now)).count();
  constexpr std::int64_t most = INT32_MAX;  // what PostgreSQL takes
  if (left > most / 2) return 0;
  return std::bit_ceil(static_cast<std::uint64_t>(left < 1 ? 1 : left));
}

Connection::Connection(Loop& loop, ConnectionOptions options)
    : loop_(loop),
      options_(std::move(options)),
      socket_(loop.context()),
      connect_timer_(loop.context()),
      pipeline_(*this, options_.statement_cache) {}

Connection::~Connection() {
  on_lost_ = nullptr;
  shut({Errc::unavailable, "the connection was destroyed"});
}

void Connection::Finish::operator()(::pg_conn* raw) const noexcept { PQfinish(raw); }

asio::awaitable<void> Connection::connect(Deadline deadline) {
  const auto self = shared_from_this();
  if (state_ != State::fresh) throw Error(Errc::internal, "pg::Connection::connect() was called twice");
  state_ = State::connecting;
  auto parameters = parse_conninfo(options_.conninfo);
  add_defaults(parameters);
  name_ = describe(parameters);
  co_await resolve_hosts(parameters, deadline);
  if (state_ != State::connecting) throw Error(Errc::cancelled, "connecting to " + name_ + " was given up");
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : parameters) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  raw_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
  if (!raw_) throw std::bad_alloc();
  PQsetNoticeReceiver(raw_.get(), &Connection::on_notice, this);
  connect_deadline_ = deadline;
  connect_timer_.expires_at(deadline.at());
  connect_timer_.async_wait([weak = weak_from_this()](boost::system::error_code stopped) {
    if (stopped) return;
    if (const auto waiting = weak.lock();
        waiting && waiting->state_ == State::connecting && waiting->socket_.is_open()) {
      waiting->socket_.cancel();
    }
  });
  std::string failure;
  try {
    co_await handshake();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  connect_timer_.cancel();
  if (state_ == State::open) co_return;
  const bool given_up = state_ == State::closed;
  shut({Errc::unavailable, "never connected"});
  if (given_up) throw Error(Errc::cancelled, "connecting to " + name_ + " was given up");
  if (deadline.expired())
    throw Error(Errc::deadline_exceeded, "PostgreSQL " + name_ + " did not accept a connection in time");
  throw Error(Errc::unavailable, "cannot connect to PostgreSQL " + name_ + ": " + failure);
}

asio::awaitable<void> Connection::handshake() {
  auto next = PQstatus(raw_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
    // libpq may replace its descriptor in any step, by one of the same number: borrow it anew each time.
    socket_.assign(PQsocket(raw_.get()));
    boost::system::error_code stopped;
    co_await socket_.async_wait(next == PGRES_POLLING_READING ? asio::posix::descriptor_base::wait_read
                                                              : asio::posix::descriptor_base::wait_write,
                                asio::redirect_error(asio::use_awaitable, stopped));
    if (socket_.is_open()) socket_.release();
    if (state_ != State::connecting || stopped || connect_deadline_.expired())
      throw Error(Errc::cancelled, "interrupted");
    next = PQconnectPoll(raw_.get());
  }
  if (next != PGRES_POLLING_OK) throw Error(Errc::unavailable, last_message());
  if (PQsetnonblocking(raw_.get(), 1) != 0 || !enter_pipeline()) throw Error(Errc::unavailable, last_message());
  socket_.assign(PQsocket(raw_.get()));
  state_ = State::open;
  wait_readable();
}

asio::awaitable<Result> Connection::exec(Deadline deadline, Statement statement) {
  auto call = std::make_shared<Call>(loop_.context(), deadline);
  call->statements.push_back(std::move(statement));
  auto results = co_await submit(std::move(call), deadline);
  co_return std::move(results.front());
}

asio::awaitable<std::vector<Result>> Connection::run(Deadline deadline, std::vector<Statement> statements) {
  auto call = std::make_shared<Call>(loop_.context(), deadline);
  call->statements = std::move(statements);
  co_return co_await submit(std::move(call), deadline);
}

asio::awaitable<void> Connection::script(Deadline deadline, std::string text) {
  auto call = std::make_shared<Call>(loop_.context(), deadline);
  call->script = std::move(text);
  co_await submit(std::move(call), deadline);
}

void Connection::check_usable(Deadline deadline) const {
  if (state_ != State::open) throw Error(Errc::unavailable, "the connection to PostgreSQL " + name_ + " is closed");
  if (deadline.expired()) {
    throw Error(Errc::deadline_exceeded, "the deadline passed before the statement was sent to PostgreSQL " + name_);
  }
  if (in_flight() >= options_.max_in_flight) {
    throw Error(Errc::resource_exhausted, "the connection to PostgreSQL " + name_ + " has " +
                                              std::to_string(in_flight()) + " units in flight, its bound");
  }
}

asio::awaitable<std::vector<Result>> Connection::submit(std::shared_ptr<Call> call, Deadline deadline) {
  const auto self = shared_from_this();
  check_usable(deadline);
  pipeline_.enqueue(call);
  mark_dirty();
  boost::system::error_code woken;
  co_await call->signal.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (!call->done) {
    const bool sent = !pipeline_.withdraw(*call);
    if (woken) throw Error(Errc::cancelled, "the caller gave up waiting for PostgreSQL " + name_);
    throw Error(Errc::deadline_exceeded, "PostgreSQL " + name_ + " did not answer in time; the statement " +
                                             (sent ? "may still take effect" : "was not sent"));
  }
  if (!std::holds_alternative<std::monostate>(call->failure)) throw_failure(*call);
  co_return std::move(call->results);
}

void Connection::limit(Deadline deadline) {
  const auto step = timeout_step(deadline, Clock::now());
  if (step == session_timeout_ms_ || state_ != State::open) return;
  session_timeout_ms_ = step;
  const auto unit = std::make_shared<Unit>();
  unit->statements.push_back(Statement("select set_config('statement_timeout', $1, false)", std::to_string(step)));
  pipeline_.enqueue(unit);
  mark_dirty();
}

void Connection::mark_dirty() {
  if (dirty_) return;
  dirty_ = true;
  loop_.at_end_of_turn(*this);
}

void Connection::end_of_turn() {
  dirty_ = false;
  if (state_ != State::open) return;
  const auto self = shared_from_this();
  if (!pipeline_.send()) return lost(last_message());
  flush();
}

void Connection::flush() {
  const int left = PQflush(raw_.get());
  if (left < 0) return lost(last_message());
  if (left > 0) wait_writable();
}

void Connection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  socket_.async_wait(asio::posix::descriptor_base::wait_write,
                     [weak = weak_from_this()](boost::system::error_code stopped) {
                       const auto self = weak.lock();
                       if (!self) return;
                       self->writing_ = false;
                       if (!stopped && self->is_open()) self->flush();
                     });
}

void Connection::wait_readable() {
  // Always armed while open: a server that goes away is noticed at once, not by the next statement.
  socket_.async_wait(asio::posix::descriptor_base::wait_read,
                     [weak = weak_from_this()](boost::system::error_code stopped) {
                       const auto self = weak.lock();
                       if (self && !stopped && self->is_open()) self->on_readable();
                     });
}

void Connection::on_readable() {
  const bool alive = PQconsumeInput(raw_.get()) == 1;
  // What came before the end is still digested: the server's last words say why it went.
  if (!drain()) return;
  if (!alive) return lost(last_message());
  deliver_notifications();
  if (pipeline_.waiting() > 0) mark_dirty();  // behind a script
  if (is_open()) wait_readable();
}

bool Connection::drain() {
  int ends = 0;
  while (pipeline_.expects_replies() && PQisBusy(raw_.get()) == 0) {
    auto* const result = PQgetResult(raw_.get());
    ends = result == nullptr ? ends + 1 : 0;
    if (result != nullptr && is_connection_failure(raw_.get(), result)) {
      PQclear(result);
      return lost(last_message()), false;
    }
    auto reply = to_reply(result);
    if (!reply || ends > 2)
      return lost("the answers are not those of the statements sent (COPY is not supported)"), false;
    if (!pipeline_.on_reply(*std::move(reply))) return lost("the answers are not those of the statements sent"), false;
    if (!is_open()) return false;  // somebody closed it when told
  }
  return true;
}

void Connection::deliver_notifications() {
  while (is_open()) {
    const std::unique_ptr<PGnotify, decltype(&PQfreemem)> one(PQnotifies(raw_.get()), PQfreemem);
    if (!one) return;
    if (on_notification_) on_notification_({one->relname, one->extra, one->be_pid});
  }
}

void Connection::on_notice(void* self, const PGresult* notice) {
  const char* const severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* const text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  if (severity == nullptr || text == nullptr || std::string_view(severity) != "FATAL") return;
  static_cast<Connection*>(self)->last_fatal_notice_ = text;
}

std::string Connection::last_message() const {
  if (!last_fatal_notice_.empty()) return last_fatal_notice_;
  std::string text = raw_ ? PQerrorMessage(raw_.get()) : "";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void Connection::lost(const std::string& why) {
  if (state_ != State::open) return;
  const auto self = shared_from_this();
  shut({Errc::unavailable, "the connection to PostgreSQL " + name_ + " was lost (" + why +
                               "); whether what was in flight took effect is not known"});
  if (const auto handler = std::exchange(on_lost_, nullptr)) handler(why);
}

void Connection::close() {
  shut({Errc::unavailable, "the connection to PostgreSQL " + name_ + " was closed"});
  on_lost_ = nullptr;
}

void Connection::shut(const Broken& why) {
  if (state_ == State::closed) return;
  const bool connecting = state_ == State::connecting;
  state_ = State::closed;
  loop_.forget(*this);
  connect_timer_.cancel();
  if (socket_.is_open()) socket_.release();
  if (!connecting) pipeline_.fail(why);
  raw_.reset();
}

bool Connection::is_clean() const noexcept {
  return is_open() && in_flight() == 0 && PQtransactionStatus(raw_.get()) == PQTRANS_IDLE;
}

int Connection::backend_pid() const noexcept { return raw_ ? PQbackendPID(raw_.get()) : 0; }

bool Connection::enter_pipeline() {
  return PQpipelineStatus(raw_.get()) != PQ_PIPELINE_OFF || PQenterPipelineMode(raw_.get()) == 1;
}

bool Connection::send_prepare(const std::string& name, std::string_view text) {
  return enter_pipeline() && PQsendPrepare(raw_.get(), name.c_str(), std::string(text).c_str(), 0, nullptr) == 1;
}

bool Connection::send_prepared(const std::string& name, const Statement& statement) {
  const Arrays arrays(statement);
  return enter_pipeline() &&
         PQsendQueryPrepared(raw_.get(), name.c_str(), arrays.count(), arrays.values.data(), arrays.lengths.data(),
                             arrays.formats.data(), format_code(statement)) == 1;
}

bool Connection::send_unprepared(const Statement& statement) {
  const Arrays arrays(statement);
  return enter_pipeline() && PQsendQueryParams(raw_.get(), std::string(statement.text()).c_str(), arrays.count(),
                                               nullptr, arrays.values.data(), arrays.lengths.data(),
                                               arrays.formats.data(), format_code(statement)) == 1;
}

bool Connection::send_sync() {
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
  return PQsendPipelineSync(raw_.get()) == 1;  // leaves the writing to our own flush, once a turn
#else
  return PQpipelineSync(raw_.get()) == 1;
#endif
}

bool Connection::send_script(std::string_view text) {
  return PQexitPipelineMode(raw_.get()) == 1 && PQsendQuery(raw_.get(), std::string(text).c_str()) == 1;
}

}  // namespace bascule::pg
