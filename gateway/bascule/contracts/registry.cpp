#include "bascule/contracts/registry.hpp"

#include <algorithm>

namespace bascule::contracts {

void Registry::announced(const Announcement& announcement, Clock::time_point now) {
  if (announcement.state == Announcement::State::who) return;
  auto found = services_.find(announcement.service);
  if (announcement.state == Announcement::State::down) {
    if (found == services_.end() || found->second.instances.erase(announcement.instance) == 0) return;
    return choose(found->second);
  }
  if (found == services_.end()) {
    if (services_.size() >= max_services) return void(++refused_);
    found = services_.emplace(announcement.service, Service{}).first;
    found->second.order = ++next_order_;
  }
  Service& service = found->second;
  const bool known = service.instances.contains(announcement.instance);
  if (!known && service.instances.size() >= max_instances) return void(++refused_);
  if (!service.digests.contains(announcement.digest)) {
    if (!make_room(service)) return void(++refused_);
    service.digests[announcement.digest].order = ++next_order_;
  }
  changed_ = changed_ || (service.address != announcement.address && !service.active.empty());
  service.address = announcement.address;
  service.instances[announcement.instance] = {announcement.digest, now + 3 * announcement.interval};
  choose(service);
}

// Room for one more digest: the oldest one that no instance serves makes way.
bool Registry::make_room(Service& service) {
  if (service.digests.size() < max_digests) return true;
  auto oldest = service.digests.end();
  for (auto it = service.digests.begin(); it != service.digests.end(); ++it) {
    const bool kept = it->first == service.active || live(service, it->first);
    if (!kept && (oldest == service.digests.end() || it->second.order < oldest->second.order)) oldest = it;
  }
  if (oldest == service.digests.end()) return false;
  service.digests.erase(oldest);
  return true;
}

void Registry::tick(Clock::time_point now) {
  for (auto& [name, service] : services_) {
    const auto ended = std::erase_if(service.instances, [now](const auto& entry) { return entry.second.lease <= now; });
    if (ended > 0) choose(service);
  }
}

bool Registry::live(const Service& service, const std::string& digest) const {
  return std::any_of(service.instances.begin(), service.instances.end(),
                     [&digest](const auto& entry) { return entry.second.digest == digest; });
}

// The newest learnt digest that is live; without one, the last in use stays and the service is down.
void Registry::choose(Service& service) {
  const std::string* best = nullptr;
  std::uint64_t newest = 0;
  for (const auto& [digest, state] : service.digests) {
    if (state.known != Known::learnt || state.order < newest || !live(service, digest)) continue;
    best = &digest;
    newest = state.order;
  }
  const bool up = best != nullptr;
  if (service.up != up || (up && service.active != *best)) changed_ = true;
  service.up = up;
  if (up) service.active = *best;
}

std::vector<Registry::Wanted> Registry::take_wanted() {
  std::vector<Wanted> wanted;
  for (auto& [name, service] : services_) {
    for (auto& [digest, state] : service.digests) {
      if (state.known != Known::unasked || !live(service, digest)) continue;
      state.known = Known::asked;
      wanted.push_back({name, service.address, digest});
    }
  }
  return wanted;
}

void Registry::described(const std::string& name, const std::string& asked_digest, DescriptorPtr contract) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  Service& service = found->second;
  const auto asked = service.digests.find(asked_digest);
  if (asked != service.digests.end() && asked->second.known == Known::asked) asked->second.known = Known::unasked;
  const auto came = service.digests.find(contract->digest);
  if (came == service.digests.end()) return;  // of an instance that has not announced itself: its turn will come
  came->second.known = contract->service(name) == nullptr ? Known::unusable : Known::learnt;
  came->second.contract = std::move(contract);
  choose(service);
}

void Registry::undescribed(const std::string& name, const std::string& digest, bool retry) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  const auto asked = found->second.digests.find(digest);
  if (asked == found->second.digests.end() || asked->second.known != Known::asked) return;
  asked->second.known = retry ? Known::unasked : Known::unusable;
}

std::vector<ServiceState> Registry::services() const {
  std::vector<ServiceState> all;
  for (const auto& [name, service] : services_) {
    const auto active = service.digests.find(service.active);
    const DescriptorPtr contract = active == service.digests.end() ? nullptr : active->second.contract;
    all.push_back({name, service.address, contract, service.up, service.order});
  }
  return all;
}

}  // namespace bascule::contracts
