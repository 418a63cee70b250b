#include "bascule/broker/node.hpp"

#include <utility>

namespace bascule::broker {

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
