// What transactions look like on the wire (AMQP 1.0, 4.5): a coordinator's requests, a transactional state.
//
// Pure: bytes in, values out. Lifetime: views into the bytes given.
#pragma once

#include <optional>
#include <string>

#include "bascule/broker/transaction.hpp"
#include "bascule/broker/wire.hpp"

namespace bascule::broker {

inline constexpr std::uint64_t declare_code = 0x31, discharge_code = 0x32, declared_code = 0x33,
                               transactional_state_code = 0x34;

/// A transaction's id as it is sent: eight bytes.
std::string encode_transaction_id(TransactionId id);
/// 0: no id of ours.
TransactionId decode_transaction_id(std::string_view bytes) noexcept;

/// The body of a message to the coordinator.
struct CoordinatorRequest {
  bool discharge = false;  ///< otherwise it declares
  TransactionId id = 0;
  bool fail = false;
};
/// None when it is neither.
std::optional<CoordinatorRequest> read_coordinator_request(Bytes body) noexcept;

struct TransactionalState {
  TransactionId id = 0;
  std::uint64_t outcome = 0;  ///< its descriptor; 0: none
  Bytes fields = {};          ///< of the outcome: a list
};
/// `state`: the fields of the state, with its descriptor or without. None when malformed.
std::optional<TransactionalState> read_transactional_state(Bytes state) noexcept;

}  // namespace bascule::broker
