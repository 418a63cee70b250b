// Work: the Context of one call or event, with the transaction that makes its effect happen once.
//
// What: the transaction is begun at the first use; with an inbox key it is begun at once, and its first statement is the
// inbox row, so that a second delivery of the same work waits for the first one and then finds it done.
// Thread safety: the loop's thread. Lifetime: one handler's run.
#pragma once

#include <optional>
#include <string>

#include "bascule/pg/pool.hpp"
#include "bascule/pg/transaction.hpp"
#include "bascule/service/context.hpp"

namespace bascule::service {

/// What the process offers to every piece of work.
struct Platform {
  pg::Pool* database = nullptr;
  rpc::Client* client = nullptr;
  std::function<void()> outbox_written;  ///< wakes the relay, after commit
};

/// By which the inbox knows a piece of work.
struct InboxKey {
  std::string consumer, id, request_hash;
};

class Work final : public Context {
 public:
  Work(const Platform& platform, rpc::CallOptions options) : Context(std::move(options)), platform_(platform) {}

  asio::awaitable<pg::Transaction*> transaction() override;
  pg::Pool& database() override;
  rpc::Client& client() override { return *platform_.client; }
  using Context::emit;
  asio::awaitable<void> emit(EncodedEvent event) override;

  /// Begins the transaction with the inbox row of `key`. Returns the stored reply when the work was done before (empty for an
  /// event), nothing when it is to be done now. Throws Error(Errc::invalid_argument) when the key was used for another request.
  asio::awaitable<std::optional<std::string>> begin_once(InboxKey key);
  /// Commits what was begun, if anything, and stores `reply` in the inbox row, if there is one.
  asio::awaitable<void> commit(std::string_view reply);
  asio::awaitable<void> rollback();
  /// Whether there is anything to commit or to roll back.
  bool in_transaction() const noexcept { return transaction_.has_value(); }

 private:
  Deadline transaction_deadline() const;

  const Platform& platform_;
  std::optional<pg::Transaction> transaction_;
  std::optional<InboxKey> key_;
};

}  // namespace bascule::service
