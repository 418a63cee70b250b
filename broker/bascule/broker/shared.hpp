// What all connections of a broker share. One loop, so no locks.
#pragma once

#include <functional>
#include <vector>

#include "bascule/broker/options.hpp"
#include "bascule/broker/router.hpp"
#include "bascule/broker/security.hpp"
#include "bascule/broker/tally.hpp"
#include "bascule/broker/transaction.hpp"
#include "bascule/loop/deadline.hpp"

namespace bascule::broker {

/// The engine counts its window in frames of the largest size. Credit bounds what comes in, so the window need
/// not: it is wide enough that small messages never wait for it.
inline constexpr std::size_t window_frames = 8192;

class TransferReceiver;

struct ConnectionCounters {
  std::uint64_t connections_opened = 0, connections_closed = 0, links_opened = 0, links_refused = 0;
  std::uint64_t transfers_in = 0, transfers_out = 0, unroutable = 0, malformed = 0, credit_violations = 0;
  std::uint64_t connections_refused = 0;
};

struct Shared {
  Shared(const BrokerOptions& settings, Storage& journal, Loop& loop)
      : options(settings), storage(journal), router(settings.router, journal), security(loop, options) {}

  const BrokerOptions options;
  Storage& storage;
  Router router;
  ConnectionCounters counters;
  TransactionCounters transactions;
  Security security;
  Tally addresses, users;                      ///< their connections
  Tally containers;                            ///< connections that are the sole one of theirs
  std::uint32_t opening = 0;                   ///< connections whose peer has not opened yet
  std::vector<TransferReceiver*> unconfirmed;  ///< links with deliveries that wait for the storage
  std::uint64_t relief_mark = 0;     ///< more bytes of messages than this: ask_relief(), not only by the clock
  std::function<void()> ask_relief;  ///< memory is looked at when this turn ends
};

}  // namespace bascule::broker
