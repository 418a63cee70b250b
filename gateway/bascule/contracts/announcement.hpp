// Announcement: what an instance of a service says of itself on the topic `bascule.announce`
// (docs/protocol.md). Thread safety: a value.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::contracts {

struct Announcement {
  enum class State {
    up,    ///< serves, and will say so again within `interval`
    down,  ///< is leaving: takes no more calls
    who,   ///< somebody asks who is there; the other members are empty
  };
  std::string service;   ///< "shop.Catalog"
  std::string instance;  ///< unique among the instances of the service
  std::string address;   ///< "rpc.shop.Catalog"
  std::string digest;    ///< "sha256:..." of its contract
  State state = State::up;
  std::chrono::milliseconds interval{2000};
};

/// From the message's body; nullopt when it is not an announcement, or holds a name that is too long to be
/// one.
std::optional<Announcement> parse_announcement(std::string_view json);

}  // namespace bascule::contracts
