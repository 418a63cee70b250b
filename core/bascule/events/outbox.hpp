// Outbox: events that a transaction decided to publish, as rows of that transaction.
//
//   auto tx = co_await pool.begin(deadline);
//   tx.queue("update orders set status = 'CONFIRMED' where id = $1", id);
//   outbox_add(tx, {.topic = "events.shop.OrderConfirmed", .type = "shop.OrderConfirmed", .key =
//   to_string(id), .body = bytes}); co_await tx.commit();     // business row and event in one round trip:
//   both or neither
//
// OutboxRelay (outbox_relay.hpp) publishes what was committed. Order: of one key, in the order of the rows'
// ids; add the event after the statements that lock what it is about, then that is the order of the effects.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bascule/pg/transaction.hpp"

namespace bascule::events {

struct OutboxRow {
  std::string topic;                                           ///< "events.shop.OrderPlaced"
  std::string type;                                            ///< "shop.OrderPlaced"
  std::string key{};                                           ///< ordering key; empty: the event has no order
  std::string body;                                            ///< the encoded event, opaque bytes
  std::vector<std::pair<std::string, std::string>> headers{};  ///< traceparent and the like
  std::string event_id{};                                      ///< a UUID; empty: outbox_add makes one
  // Known when it is read back:
  std::int64_t id = 0;  ///< its place in the outbox
  pg::Timestamp created_at{};
};

/// Queues the row in the caller's transaction, without a round trip. Returns the event's id, by which
/// consumers know it.
std::string outbox_add(pg::Transaction& tx, OutboxRow row);

/// A new event id: a UUID of version 7, so that neighbours in time are neighbours in an index.
std::string new_event_id();

}  // namespace bascule::events
