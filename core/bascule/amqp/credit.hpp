// Credit that a receiver takes back without draining: for brokers that do not bear a drain.
#pragma once

#include <proton/link.h>

namespace bascule::amqp {

/// Sets a receiver's credit to nothing by a plain FLOW (2.6.7: a receiver may lower it at any time). What the sender had sent
/// before it heard of it still comes; each of these counts below nothing, so call this again when it has come: until then
/// the engine would tell the sender a credit of 2^32 less that.
inline void take_back_credit(pn_link_t* link) noexcept {
  if (const int left = pn_link_remote_credit(link); left != 0) pn_link_flow(link, -left);
}

}  // namespace bascule::amqp
