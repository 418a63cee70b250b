// Pipeline: a connection's protocol logic. What was sent, and which answer belongs to whom.
//
// A Unit is statements up to one sync point: it succeeds or fails as a whole, and a failure in it leaves the
// units behind it untouched. Units are sent in order, as many as there are, without waiting for answers;
// PostgreSQL answers in the same order, and skips from the first error of a unit to that unit's sync point.
//
// Pure: sends through Wire, is told each answer, holds no socket and no clock. Thread safety: one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bascule/pg/error.hpp"
#include "bascule/pg/result.hpp"
#include "bascule/pg/sql.hpp"
#include "bascule/pg/statement_cache.hpp"

namespace bascule::pg {

/// Where commands go. Each returns false when the connection cannot take it any more (it is broken).
class Wire {
 public:
  virtual bool send_prepare(const std::string& name, std::string_view text) = 0;
  virtual bool send_prepared(const std::string& name, const Statement& statement) = 0;
  virtual bool send_unprepared(const Statement& statement) = 0;
  virtual bool send_sync() = 0;
  /// Several commands in one text, outside of pipeline mode. Only when nothing else is in flight.
  virtual bool send_script(std::string_view text) = 0;

 protected:
  ~Wire() = default;
};

/// One answer of the server.
struct Reply {
  enum class Kind {
    done,     ///< a command succeeded; `result` has its rows
    error,    ///< a command failed; `error` says how
    skipped,  ///< a command was not run, because one before it in the unit failed
    end,      ///< no more answers to this command
    synced,   ///< the unit's sync point was reached
  };
  Kind kind;
  Result result{};
  ErrorFields error{};
};

/// The connection is gone, or never could serve this.
struct Broken {
  Errc code;
  std::string message;
};

/// Statements up to one sync point, and what became of them.
class Unit {
 public:
  virtual ~Unit() = default;
  /// Called once, when nothing more will happen to this unit. Must not re-enter the pipeline.
  virtual void finished() {}

  std::vector<Statement> statements;
  std::string script;  ///< instead of statements: several commands in one text, without parameters
  std::vector<Result> results;
  std::variant<std::monostate, ErrorFields, Broken> failure;
  bool started = false;  ///< it was handed to the wire: the server may have run it
  bool done = false;
};

class Pipeline {
 public:
  Pipeline(Wire& wire, std::size_t cached_statements) : wire_(wire), cache_(cached_statements) {}

  /// Takes a unit to be sent by the next send().
  void enqueue(std::shared_ptr<Unit> unit) { waiting_.push_back(std::move(unit)); }
  /// Withdraws a unit that was not sent yet. False: it was.
  bool withdraw(const Unit& unit);
  /// Hands what waits to the wire. False: the wire is broken; call fail().
  bool send();
  /// Digests one answer. False: the server did not keep to the protocol; close the connection, call fail().
  bool on_reply(Reply reply);
  /// The connection is gone: every unit fails with `why`. A unit that already has its own error keeps it.
  void fail(const Broken& why);

  /// Units sent and not finished, and those not sent.
  std::size_t in_flight() const noexcept { return units_; }
  std::size_t waiting() const noexcept { return waiting_.size(); }
  bool expects_replies() const noexcept { return !sent_.empty(); }
  const StatementCache& cache() const noexcept { return cache_; }

 private:
  enum class Op : std::uint8_t { prepare, execute, deallocate, script, sync };
  struct Entry {
    Op op;
    std::shared_ptr<Unit> unit;
    std::string name;           ///< of the prepared statement, if one
    std::size_t statement = 0;  ///< which of the unit's
    bool answered = false;
  };

  bool send_unit(const std::shared_ptr<Unit>& unit);
  bool send_statement(const std::shared_ptr<Unit>& unit, std::size_t index);
  bool send_deallocations();
  void sent(Op op, const std::shared_ptr<Unit>& unit, std::string name, std::size_t statement);
  void on_done(Entry& head, Result result);
  void on_error(Entry& head, ErrorFields error);
  void on_skipped(const Entry& head);
  bool on_end();
  bool on_synced();
  void finish(const std::shared_ptr<Unit>& unit);

  Wire& wire_;
  StatementCache cache_;
  std::deque<std::shared_ptr<Unit>> waiting_;
  std::deque<Entry> sent_;
  std::uint64_t unit_number_ = 0;
  std::size_t units_ = 0;
  bool script_in_flight_ = false;
};

}  // namespace bascule::pg
