// Inbox: what a consumer has already done, so that doing it again has no effect. In the caller's transaction.
//
//   auto tx = co_await pool.begin(deadline);
//   const auto entry = co_await inbox_begin(tx, "orders.place_order", idempotency_key, request_hash);
//   if (entry.duplicate) co_return *entry.reply;          // the first answer again; nothing is done twice
//   … the effect, in tx …
//   inbox_store_reply(tx, "orders.place_order", idempotency_key, reply);
//   co_await tx.commit();
//
// The same for events: the consumer is the subscription's group, the id is the message id, and there is no
// reply. Two at once with the same id: the second waits until the first one's transaction has ended, then is
// a duplicate, or fresh when the first was rolled back.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/pg/transaction.hpp"

namespace bascule::events {

struct InboxEntry {
  bool duplicate = false;              ///< it was done before: do nothing
  std::optional<std::string> reply{};  ///< of a duplicate: what was answered then, if it was stored
};

/// Claims `id` for this transaction. One round trip, which takes along what was queued before.
/// `request_hash`: when given, a duplicate with another hash is a different request under the same key:
/// Error(invalid_argument).
asio::awaitable<InboxEntry> inbox_begin(pg::Transaction& tx, std::string_view consumer, std::string_view id,
                                        std::string_view request_hash = {});

/// Queues the answer to be given to duplicates. After inbox_begin() in the same transaction.
void inbox_store_reply(pg::Transaction& tx, std::string_view consumer, std::string_view id, std::string reply);

/// SHA-256 over method and request body: what tells a retry from another request under the same key.
std::string inbox_request_hash(std::string_view method, std::string_view body);

/// Removes entries older than `age`, in small steps. `age` must exceed the longest time after which a
/// duplicate can come.
asio::awaitable<std::uint64_t> inbox_prune(pg::Connection& db, std::chrono::seconds age, Deadline deadline);

}  // namespace bascule::events
