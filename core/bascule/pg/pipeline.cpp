#include "bascule/pg/pipeline.hpp"

#include <algorithm>
#include <utility>

namespace bascule::pg {

bool Pipeline::withdraw(const Unit& unit) {
  const auto at = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& one) { return one.get() == &unit; });
  if (at == waiting_.end()) return false;
  waiting_.erase(at);
  return true;
}

bool Pipeline::send() {
  while (!waiting_.empty() && !script_in_flight_) {
    if (!waiting_.front()->script.empty() && !sent_.empty()) return true;  // a script needs the connection for itself
    const auto unit = std::move(waiting_.front());
    waiting_.pop_front();
    unit->started = true;
    units_ += 1;
    if (!send_unit(unit)) return false;
  }
  return script_in_flight_ || send_deallocations();
}

bool Pipeline::send_unit(const std::shared_ptr<Unit>& unit) {
  if (!unit->script.empty()) {
    script_in_flight_ = true;
    sent(Op::script, unit, {}, 0);
    return wire_.send_script(unit->script);
  }
  unit_number_ += 1;
  for (std::size_t i = 0; i < unit->statements.size(); ++i) {
    if (!send_statement(unit, i)) {
      sent(Op::sync, unit, {}, 0);  // so that fail() finds the unit even when nothing of it went out
      return false;
    }
  }
  sent(Op::sync, unit, {}, 0);
  return wire_.send_sync();
}

bool Pipeline::send_statement(const std::shared_ptr<Unit>& unit, std::size_t index) {
  const auto& statement = unit->statements[index];
  auto [state, name] = cache_.find(statement.text(), unit_number_);
  if (state == StatementCache::State::uncached || state == StatementCache::State::preparing) {
    // Its preparation belongs to an earlier unit and may yet be skipped there; this unit must not depend on
    // that.
    sent(Op::execute, unit, {}, index);
    return wire_.send_unprepared(statement);
  }
  if (state == StatementCache::State::fresh) {
    sent(Op::prepare, unit, name, index);
    if (!wire_.send_prepare(name, statement.text())) return false;
  }
  sent(Op::execute, unit, name, index);
  return wire_.send_prepared(name, statement);
}

bool Pipeline::send_deallocations() {
  // A unit of its own for each, behind the user's: one that fails takes nothing else down.
  for (auto& name : cache_.take_evicted()) {
    const auto unit = std::make_shared<Unit>();
    const auto text = "DEALLOCATE " + name;
    units_ += 1;
    sent(Op::deallocate, unit, std::move(name), 0);
    sent(Op::sync, unit, {}, 0);
    if (!wire_.send_unprepared(Statement(Sql::trusted(text))) || !wire_.send_sync()) return false;
  }
  return true;
}

void Pipeline::sent(Op op, const std::shared_ptr<Unit>& unit, std::string name, std::size_t statement) {
  sent_.push_back({op, unit, std::move(name), statement});
}

bool Pipeline::on_reply(Reply reply) {
  if (sent_.empty()) return reply.kind == Reply::Kind::end;
  auto& head = sent_.front();
  switch (reply.kind) {
    case Reply::Kind::done:
      if (head.op == Op::sync) return false;
      on_done(head, std::move(reply.result));
      return true;
    case Reply::Kind::error: on_error(head, std::move(reply.error)); return true;
    case Reply::Kind::skipped:
      if (head.op == Op::sync || head.op == Op::script) return false;
      on_skipped(head);
      return true;
    case Reply::Kind::end: return on_end();
    case Reply::Kind::synced: return on_synced();
  }
  return false;
}

void Pipeline::on_done(Entry& head, Result result) {
  head.answered = true;
  if (head.op == Op::prepare) cache_.confirmed(head.name);
  if (head.op == Op::execute || head.op == Op::script) head.unit->results.push_back(std::move(result));
}

void Pipeline::on_error(Entry& head, ErrorFields error) {
  head.answered = true;
  if (head.op == Op::deallocate) {
    // 26000: the server does not have it (any more), which is what was wanted. Otherwise (a failed
    // transaction): later.
    if (error.sqlstate != "26000") cache_.evict_later(head.name);
    return;
  }
  if (head.op == Op::prepare) cache_.forget(head.name);
  if (head.op == Op::execute && !head.name.empty()) {
    const bool stale = error.sqlstate == "0A000";  // "cached plan must not change result type", after a migration
    if (stale || error.sqlstate == "26000") cache_.forget(head.name);
    if (stale) cache_.evict_later(head.name);
  }
  auto& unit = *head.unit;
  if (!std::holds_alternative<std::monostate>(unit.failure)) return;
  if (head.op == Op::prepare || head.op == Op::execute)
    error.statement = std::string(unit.statements[head.statement].text());
  unit.failure = std::move(error);
}

void Pipeline::on_skipped(const Entry& head) {
  if (head.op == Op::prepare) cache_.forget(head.name);
  if (head.op == Op::deallocate) cache_.evict_later(head.name);
  sent_.front().answered = true;
}

bool Pipeline::on_end() {
  const auto& head = sent_.front();
  // An error at the sync point itself (a deferred constraint at commit) is followed by an end too; the sync
  // is yet to come.
  if (head.op == Op::sync) return head.answered;
  if (!head.answered) return head.op != Op::script;  // the end that follows nothing: libpq gives one between commands
  const auto unit = head.unit;
  const bool script = head.op == Op::script;
  sent_.pop_front();
  if (script) {
    script_in_flight_ = false;
    finish(unit);
  }
  return true;
}

bool Pipeline::on_synced() {
  if (sent_.front().op != Op::sync) return false;
  const auto unit = std::move(sent_.front().unit);
  sent_.pop_front();
  // Success without an answer to each statement would be a lie told to the caller.
  const bool whole =
      !std::holds_alternative<std::monostate>(unit->failure) || unit->results.size() == unit->statements.size();
  if (!whole) unit->failure = Broken{Errc::internal, "PostgreSQL reached a sync point with answers missing"};
  finish(unit);
  return whole;
}

void Pipeline::fail(const Broken& why) {
  std::vector<std::shared_ptr<Unit>> lost;
  for (auto& entry : sent_) {
    if (lost.empty() || lost.back() != entry.unit) lost.push_back(std::move(entry.unit));
  }
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(lost));
  sent_.clear();
  waiting_.clear();
  script_in_flight_ = false;
  units_ = 0;
  for (const auto& unit : lost) {
    if (std::holds_alternative<std::monostate>(unit->failure)) unit->failure = why;
    unit->done = true;
    unit->finished();
  }
}

void Pipeline::finish(const std::shared_ptr<Unit>& unit) {
  units_ -= 1;
  unit->done = true;
  unit->finished();
}

}  // namespace bascule::pg
