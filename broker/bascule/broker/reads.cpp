#include "bascule/broker/reads.hpp"

namespace bascule::broker {
namespace {

// The storage moves messages now and then; who asks while it does asks again.
constexpr int most_tries = 8;

}  // namespace

Queue* Reads::find(const std::string& address, std::uint64_t serial) const noexcept {
  Node* node = router_.find(address);
  return node != nullptr && node->serial() == serial ? static_cast<Queue*>(node) : nullptr;
}

Queue* Reads::queue_of(const Walk& walk) const noexcept { return find(walk.address, walk.serial); }

void Reads::later(std::function<void()> work) {
  defer_([alive = std::weak_ptr<bool>(alive_), work = std::move(work)] {
    if (!alive.expired()) work();
  });
}

void Reads::next(Walk& walk, std::size_t most, Done done) {
  const auto part = std::make_shared<Part>(Part{walk.address, walk.serial, {}, std::move(done)});
  if (Queue* queue = queue_of(walk)) {
    queue->look_over(walk.scheduled, walk.next, walk.end, std::min(most, part_messages), part_bytes, part->messages);
  }
  bring(part);
}

void Reads::bring(std::shared_ptr<Part> part) {
  std::vector<Lsn> lsns;
  std::vector<std::size_t> places;
  Queue* const queue = find(part->address, part->serial);
  for (std::size_t i = 0; queue != nullptr && part->tries < most_tries && i < part->messages.size(); ++i) {
    Queue::Waiting& one = part->messages[i];
    if (one.message || one.lsn == 0 || !queue->waits_unread(one)) continue;
    lsns.push_back(one.lsn);
    places.push_back(i);
  }
  if (lsns.empty()) {
    later([this, part] { part->done(find(part->address, part->serial), std::move(part->messages), clock_()); });
    return;
  }
  ++part->tries;
  storage_.load(std::move(lsns), [this, alive = std::weak_ptr<bool>(alive_), part, places = std::move(places)](
                                     std::span<MessageRef> loaded, Time) {
    if (alive.expired()) return;
    for (std::size_t i = 0; i < places.size(); ++i) part->messages[places[i]].message = std::move(loaded[i]);
    bring(part);
  });
}

}  // namespace bascule::broker
