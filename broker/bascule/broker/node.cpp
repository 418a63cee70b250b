#include "bascule/broker/node.hpp"

#include <utility>

namespace bascule::broker {

std::uint64_t Node::next_serial() noexcept {
  static std::uint64_t last = 0;  // brokers of several loops may share it: unique is what matters
  return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

Node::~Node() {
  for (Producer* producer : std::exchange(producers_, {})) producer->node_deleted();
}

const std::string& Node::stopped() const noexcept {
  static const std::string none;
  return none;
}

void Node::tell_room_made() {
  const auto producers = producers_;  // one may detach while it is told
  for (Producer* producer : producers) producer->room_made();
}

}  // namespace bascule::broker
