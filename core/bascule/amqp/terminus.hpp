// Termini: capabilities are an array of symbols, or a single one.
#pragma once

#include <proton/codec.h>
#include <proton/terminus.h>

#include <string>
#include <vector>

namespace bascule::amqp {

inline void set_capabilities(pn_terminus_t* terminus, const std::vector<std::string>& capabilities) {
  if (capabilities.empty()) return;
  auto* const data = pn_terminus_capabilities(terminus);
  pn_data_put_array(data, false, PN_SYMBOL);
  pn_data_enter(data);
  for (const auto& name : capabilities) pn_data_put_symbol(data, pn_bytes(name.size(), name.data()));
  pn_data_exit(data);
}

}  // namespace bascule::amqp
