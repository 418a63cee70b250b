#include "bascule/amqp/relay.hpp"

#include <algorithm>

#include "bascule/amqp/message.hpp"

namespace bascule::amqp {

Relay::~Relay() {
  for (auto& [address, way] : ways_) way.sender.close();
}

bool Relay::send(std::string_view encoded, OutcomeHandler handler) {
  const auto view = MessageView::parse(encoded);
  const auto to = view ? view->properties().to : std::string_view();
  if (to.empty()) return false;
  auto& way = way_to(std::string(to));
  way.used = ++uses_;
  return way.sender.send(encoded, std::move(handler));
}

Relay::Way& Relay::way_to(const std::string& address) {
  const auto found = ways_.find(address);
  if (found != ways_.end()) return found->second;
  if (ways_.size() >= most) {
    const auto oldest = std::ranges::min_element(ways_, {}, [](const auto& entry) { return entry.second.used; });
    oldest->second.sender.close();
    ways_.erase(oldest);
  }
  auto options = like_;
  options.address = address;
  return ways_.emplace(address, Way{open_(std::move(options))}).first->second;
}

}  // namespace bascule::amqp
