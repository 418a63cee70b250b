#include "bascule/broker/transaction.hpp"

#include <algorithm>

namespace bascule::broker {
namespace {

constexpr const char* unknown_id = "amqp:transaction:unknown-id";
constexpr const char* rolled_back = "amqp:transaction:rollback";

TransactionError unknown(TransactionId id) {
  return {unknown_id, "transaction " + std::to_string(id) + " is not open in this session"};
}

}  // namespace

Transactions::~Transactions() {
  for (auto& [id, transaction] : transactions_) roll_back(transaction, Time{});
}

Transactions::Transaction* Transactions::find(TransactionId id, Owner session) {
  const auto found = transactions_.find(id);
  return found == transactions_.end() || found->second.session != session ? nullptr : &found->second;
}

TransactionError Transactions::declare(Owner session, Owner coordinator, Time now, TransactionId& made) {
  const auto open = std::count_if(transactions_.begin(), transactions_.end(),
                                  [session](const auto& each) { return each.second.session == session; });
  if (open >= static_cast<std::ptrdiff_t>(limits_.open)) {
    return {"amqp:resource-limit-exceeded",
            "this session has as many open transactions as it may have (broker.max_transactions)"};
  }
  made = ++last_;
  transactions_.emplace(
      made,
      Transaction{
          .session = session, .coordinator = coordinator, .until = now + limits_.timeout, .sent = {}, .settled = {}});
  ++counters_.declared;
  return {};
}

TransactionError Transactions::enlarge(Transaction& transaction, std::uint64_t bytes) {
  if (transaction.spoilt.condition != nullptr) return transaction.spoilt;
  if (transaction.sent.size() + transaction.settled.size() >= limits_.messages ||
      transaction.bytes + bytes > limits_.bytes) {
    transaction.spoilt = {"amqp:resource-limit-exceeded",
                          "the transaction is larger than it may be (broker.max_transaction_messages, "
                          "broker.max_transaction_bytes); it can only be rolled back"};
    return transaction.spoilt;
  }
  transaction.bytes += bytes;
  return {};
}

TransactionError Transactions::send(TransactionId id, Owner session, const Node& node, Origin origin,
                                    MessageRef message) {
  Transaction* transaction = find(id, session);
  if (transaction == nullptr) return unknown(id);
  if (auto error = enlarge(*transaction, message->cost()); error.condition != nullptr) return error;
  transaction->sent.push_back({node.address(), origin, std::move(message)});
  return {};
}

TransactionError Transactions::settle(TransactionId id, Owner session, Queue& queue, Position at,
                                      const Outcome& outcome) {
  Transaction* transaction = find(id, session);
  if (transaction == nullptr) return unknown(id);
  if (auto error = enlarge(*transaction, 0); error.condition != nullptr) return error;
  Settled settled{queue.address(),
                  queue.serial(),
                  at,
                  outcome,
                  std::string(outcome.condition),
                  std::string(outcome.description),
                  outcome.annotations != nullptr ? *outcome.annotations : Annotations{}};
  transaction->settled.push_back(std::move(settled));
  return {};
}

TransactionError Transactions::discharge(TransactionId id, Owner session, bool fail, Time now, Lsn& durable_at) {
  Transaction* transaction = find(id, session);
  if (transaction == nullptr) return unknown(id);
  TransactionError error =
      transaction->timed_out
          ? TransactionError{"amqp:transaction:timeout",
                             "the transaction lasted longer than broker.transaction_timeout and was rolled back"}
          : transaction->spoilt;
  if (!fail && error.condition == nullptr) error = commit(*transaction, now, durable_at);
  const bool committed = !fail && error.condition == nullptr;
  if (!committed) roll_back(*transaction, now);
  if (!committed && !fail) ++counters_.failed;
  transactions_.erase(id);
  return fail ? TransactionError{} : error;
}

// Whether every message would be taken where it goes.
TransactionError Transactions::check(const Transaction& transaction, Time now) const {
  std::map<Node*, std::vector<Transfer>> by_node;
  for (const Sent& sent : transaction.sent) {
    Node* node = router_.route(sent.address);
    if (node == nullptr) return {rolled_back, "there is no node '" + sent.address + "' any more"};
    by_node[node].push_back({sent.message.operator->(), sent.origin});
  }
  for (const auto& [node, transfers] : by_node) {
    switch (node->admits(transfers, now)) {
      case Admission::Result::accepted: break;
      case Admission::Result::full: return {rolled_back, "'" + node->address() + "' is full"};
      case Admission::Result::no_space: return {rolled_back, "the broker's disk is full"};
      case Admission::Result::stopped: return {rolled_back, "'" + node->address() + "' is out of service"};
    }
  }
  if (!storage_.takes(demand(transaction), transaction.sent.empty() ? Purpose::settlements : Purpose::messages)) {
    return {rolled_back, "the broker's disk is full"};
  }
  const auto gone = std::find_if(transaction.settled.begin(), transaction.settled.end(),
                                 [this](const Settled& settled) { return queue_of(settled) == nullptr; });
  if (gone != transaction.settled.end()) return {rolled_back, "queue '" + gone->address + "' was deleted"};
  return {};
}

// What all of it takes in the storage, so that it is there whole.
Demand Transactions::demand(const Transaction& transaction) const {
  Demand demand;
  for (const Sent& sent : transaction.sent) demand += router_.route(sent.address)->demand_of(*sent.message);
  return demand.settlements(transaction.settled.size());
}

Queue* Transactions::queue_of(const Settled& settled) const {
  Node* node = router_.find(settled.address);
  if (node == nullptr || node->kind() != Node::Kind::queue || node->serial() != settled.serial) return nullptr;
  return static_cast<Queue*>(node);
}

TransactionError Transactions::commit(Transaction& transaction, Time now, Lsn& durable_at) {
  if (auto error = check(transaction, now); error.condition != nullptr) return error;
  Lsn first = 0;  // of duplicates: where the message is that was taken before
  storage_.begin();
  for (const Sent& sent : std::exchange(transaction.sent, {})) {
    Node* const node = router_.route(sent.address);
    if (node != nullptr) first = std::max(first, node->publish_from(sent.origin, sent.message, now).lsn);
  }
  for (Settled& settled : std::exchange(transaction.settled, {})) {
    Queue* const queue = queue_of(settled);
    if (queue == nullptr) continue;
    settled.outcome.condition = settled.condition;
    settled.outcome.description = settled.description;
    settled.outcome.annotations = &settled.annotations;
    queue->settle(settled.at, settled.outcome, nullptr, now);
  }
  durable_at = std::max(first, storage_.end());
  ++counters_.committed;
  return {};
}

void Transactions::roll_back(Transaction& transaction, Time now) {
  transaction.sent.clear();
  transaction.bytes = 0;
  for (const Settled& settled : std::exchange(transaction.settled, {})) {
    Queue* const queue = queue_of(settled);
    if (queue == nullptr) continue;
    queue->settle(
        settled.at,
        {.kind = Outcome::Kind::modified,
         .delivery_failed = true,
         .condition = rolled_back,
         .description = transaction.timed_out ? "the transaction timed out" : "the transaction was rolled back"},
        nullptr, now);
  }
  if (!transaction.timed_out) ++counters_.rolled_back;
}

void Transactions::end(Owner coordinator_or_session, Time now) {
  for (auto at = transactions_.begin(); at != transactions_.end();) {
    Transaction& transaction = at->second;
    if (transaction.coordinator != coordinator_or_session && transaction.session != coordinator_or_session) {
      ++at;
      continue;
    }
    roll_back(transaction, now);
    at = transactions_.erase(at);
  }
}

// It stays until it is discharged, so that its owner hears why.
void Transactions::sweep(Time now) {
  for (auto& [id, transaction] : transactions_) {
    if (transaction.timed_out || transaction.until > now) continue;
    transaction.timed_out = true;
    transaction.spoilt = {"amqp:transaction:timeout", "the transaction lasted longer than broker.transaction_timeout"};
    ++counters_.timed_out;
    roll_back(transaction, now);
  }
}

}  // namespace bascule::broker
