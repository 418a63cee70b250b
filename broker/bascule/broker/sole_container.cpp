#include "bascule/broker/sole_container.hpp"

#include <proton/codec.h>
#include <proton/condition.h>

#include <string_view>

namespace bascule::broker {
namespace {

void put_symbol(pn_data_t* data, std::string_view text) {
  pn_data_put_symbol(data, pn_bytes(text.size(), text.data()));
}

bool is_sole(pn_data_t* data) {
  if (pn_data_type(data) != PN_SYMBOL) return false;
  const auto symbol = pn_data_get_symbol(data);
  return std::string_view(symbol.start, symbol.size) == sole_connection;
}

}  // namespace

bool wants_to_be_sole(pn_connection_t* connection) {
  pn_data_t* desired = pn_connection_remote_desired_capabilities(connection);
  pn_data_rewind(desired);
  if (!pn_data_next(desired)) return false;
  if (is_sole(desired)) return true;
  // An array by the specification; Proton's Python client sends a list.
  if ((pn_data_type(desired) != PN_ARRAY && pn_data_type(desired) != PN_LIST) || !pn_data_enter(desired)) return false;
  bool found = false;
  while (!found && pn_data_next(desired)) found = is_sole(desired);
  pn_data_rewind(desired);
  return found;
}

void open_to_refuse_container(pn_connection_t* connection) {
  pn_data_t* properties = pn_connection_properties(connection);
  pn_data_put_map(properties);
  pn_data_enter(properties);
  put_symbol(properties, "amqp:connection-establishment-failed");
  pn_data_put_bool(properties, true);
  pn_data_exit(properties);
  pn_connection_open(connection);
  pn_data_t* info = pn_condition_info(pn_connection_condition(connection));
  pn_data_put_map(info);
  pn_data_enter(info);
  put_symbol(info, "invalid-field");
  put_symbol(info, "container-id");
  pn_data_exit(info);
}

}  // namespace bascule::broker
