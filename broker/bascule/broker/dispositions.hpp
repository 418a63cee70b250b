// Dispositions that the broker sends, beyond what the engine has a call for.
#pragma once

#include <proton/delivery.h>

#include <string>

#include "bascule/broker/transaction.hpp"

namespace bascule::broker {

/// `rejected` with an error, and settled. One that its sender settled is only settled.
void reject(pn_delivery_t* delivery, const char* condition, const std::string& description);
/// `declared` with a transaction's id, and settled (AMQP 1.0, 4.5.6).
void declared(pn_delivery_t* delivery, TransactionId id);
/// Sets `transactional-state` with an outcome (0: none) that has no fields (AMQP 1.0, 4.5.8). Does not settle.
void set_transactional(pn_delivery_t* delivery, TransactionId id, std::uint64_t outcome);

}  // namespace bascule::broker
