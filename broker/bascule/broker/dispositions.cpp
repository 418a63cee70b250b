#include "bascule/broker/dispositions.hpp"

#include <proton/codec.h>
#include <proton/condition.h>
#include <proton/disposition.h>

#include "bascule/broker/transaction_wire.hpp"

namespace bascule::broker {
namespace {

// Opens the list of a state's fields and puts the id in; the caller leaves it.
pn_data_t* begin_state(pn_delivery_t* delivery, TransactionId id) {
  pn_data_t* data = pn_disposition_data(pn_delivery_local(delivery));
  pn_data_clear(data);
  pn_data_put_list(data);
  pn_data_enter(data);
  const std::string bytes = encode_transaction_id(id);
  pn_data_put_binary(data, pn_bytes(bytes.size(), bytes.data()));
  return data;
}

}  // namespace

void reject(pn_delivery_t* delivery, const char* condition, const std::string& description) {
  if (!pn_delivery_settled(delivery)) {
    pn_condition_t* error = pn_disposition_condition(pn_delivery_local(delivery));
    pn_condition_set_name(error, condition);
    pn_condition_set_description(error, description.c_str());
    pn_delivery_update(delivery, PN_REJECTED);
  }
  pn_delivery_settle(delivery);
}

void declared(pn_delivery_t* delivery, TransactionId id) {
  pn_data_exit(begin_state(delivery, id));
  pn_delivery_update(delivery, declared_code);
  pn_delivery_settle(delivery);
}

void set_transactional(pn_delivery_t* delivery, TransactionId id, std::uint64_t outcome) {
  pn_data_t* data = begin_state(delivery, id);
  if (outcome != 0) {
    pn_data_put_described(data);
    pn_data_enter(data);
    pn_data_put_ulong(data, outcome);
    pn_data_put_list(data);
    pn_data_exit(data);
  }
  pn_data_exit(data);
  pn_delivery_update(delivery, transactional_state_code);
}

}  // namespace bascule::broker
