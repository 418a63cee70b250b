#include "bascule/broker/moving.hpp"

#include "bascule/broker/properties.hpp"

namespace bascule::broker {

Moving::Moving(Router& router, Reads& reads, Queue& from, std::optional<std::string> to, May may)
    : router_(router), reads_(reads), to_(std::move(to)), may_(std::move(may)), walk_(from, false) {}

void Moving::step(std::uint64_t most, Done done) { go_on(most, {}, std::move(done)); }

// Hands over what was read; reads more, in another turn, while there is allowance and room.
void Moving::go_on(std::uint64_t most, Step so_far, Done done) {
  reads_.later(
      [this, alive = std::weak_ptr<bool>(alive_), most, so_far = std::move(so_far), done = std::move(done)]() mutable {
        if (alive.expired()) return;
        Queue* const from = reads_.queue_of(walk_);
        if (from == nullptr) so_far.failed = "queue '" + walk_.address + "' was deleted";
        const bool more = from != nullptr && hand_over(*from, most, so_far, reads_.now());
        if (!more || walk_.over()) {
          so_far.ended = more && part_.empty();
          return done(std::move(so_far));
        }
        reads_.next(walk_, Reads::part_messages,
                    [this, alive, most, so_far = std::move(so_far), done = std::move(done)](
                        const Queue*, Reads::Waiting messages, Time) mutable {
                      if (alive.expired()) return;
                      for (auto& one : messages) part_.push_back(std::move(one));
                      go_on(most, std::move(so_far), std::move(done));
                    });
      });
}

Node* Moving::target_of(const Queue::Waiting& one, Queue& from) {
  if (to_) return router_.find(*to_);
  const MessageRef letter = from.message_of(one);
  if (!letter) return nullptr;
  const auto source = find_in_map(letter->body(), Section::message_annotations, "x-opt-dead-letter-source");
  const auto address = Reader(source).text().value_or("");
  Node* const home = router_.find(address);
  const bool may_go = home != nullptr && home != &from && home->kind() == Node::Kind::queue;
  return may_go && (!may_ || may_(address)) ? home : nullptr;
}

// What was read, in order; true when all of it is dealt with and there is allowance for more.
bool Moving::hand_over(Queue& from, std::uint64_t most, Step& step, Time now) {
  for (; !part_.empty(); part_.pop_front()) {
    if (step.moved >= most) return false;
    Node* const to = target_of(part_.front(), from);
    if (to == nullptr && to_) {
      step.failed = "'" + *to_ + "' was deleted";
      return false;
    }
    const auto handed = to == nullptr ? Queue::HandOver::gone : from.hand_over(part_.front(), *to, now);
    if (handed == Queue::HandOver::refused) {
      step.waits_for = to->address();
      return false;
    }
    handed == Queue::HandOver::taken ? ++step.moved : ++step.passed_over;
  }
  return step.moved < most;
}

}  // namespace bascule::broker
