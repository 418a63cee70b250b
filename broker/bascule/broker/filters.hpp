// Filters: what a receiver's source asks to be filtered by (AMQP 1.0, 3.5.8), as JMS clients say it.
//
// Known, by descriptor: apache.org:selector-filter:string (0x0000468C00000004), a Selector; and
// apache.org:no-local-filter:list (0x0000468C00000003). What is known is applied and echoed in the reply; any other
// filter is neither, which tells the client so (3.5.3).
#pragma once

#include <proton/codec.h>
#include <proton/terminus.h>

#include <memory>
#include <string>

#include "bascule/broker/selector.hpp"
#include "bascule/broker/terminus.hpp"

namespace bascule::broker {

struct Filters {
  std::shared_ptr<const Selector> selector = {};
  bool no_local = false;
  std::string selector_key = {}, no_local_key = {};  ///< under which the client sent them
};

/// Reads the source's filters; the error (amqp:invalid-field) tells what is wrong with a selector, and where.
LinkError read_filters(pn_terminus_t* source, Filters& into);
/// Writes those that are applied into the source of the reply.
void echo_filters(const Filters& applied, pn_terminus_t* source);

}  // namespace bascule::broker
