// Random operations on a Queue beside the simplest model that can be right: sorted maps.
#include <map>
#include <random>
#include <set>

#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

class Model {
 public:
  explicit Model(unsigned seed) : random_(seed), queue_("q", {.max_deliveries = 4}, storage_, events_) {
    for (auto& sink : sinks_) sink = std::make_unique<Sink>(queue_);
  }

  void step() {
    now_ += static_cast<int>(random_() % 8);
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2: return publish();
      case 3: return flow();
      case 4:
      case 5: return settle();
      case 6: return lose_all_of_one();
      default: return sweep();
    }
  }
  void check() {
    std::size_t available = 0, acquired = 0;
    for (const auto& [id, copy] : live_) {
      if (copy.holder >= 0) {
        ++acquired;
      } else if (copy.expires > now_) {
        ++available;
      }
    }
    ASSERT_EQ(queue_.acquired(), acquired);
    ASSERT_GE(queue_.available(), available) << "only what has expired and was not swept may be more";
    ASSERT_EQ(seen_twice_, 0);
  }

 private:
  struct Copy {
    int expires;
    int holder;
    unsigned count;
    Position at;
  };

  void publish() {
    const int id = next_++;
    const bool mortal = random_() % 3 == 0;
    const int ttl = static_cast<int>(1 + random_() % 60);
    live_[id] = {mortal ? now_ + ttl : 1 << 30, -1, 0, 0};
    Parts parts{.body = std::to_string(id)};
    if (mortal) parts.ttl = static_cast<std::uint32_t>(ttl);
    queue_.publish(message(parts, at_ms(now_)), at_ms(now_));
    collect();
  }
  void flow() {
    sinks_[random_() % sinks_.size()]->flow(1 + random_() % 3, at_ms(now_));
    collect();
  }
  // What was handed out since the last look, against the model: it lived, was free, not expired, and nothing
  // before it was free for the same turn.
  void collect() {
    for (std::size_t s = 0; s < sinks_.size(); ++s) {
      Sink& sink = *sinks_[s];
      for (; read_[s] < sink.bodies.size(); ++read_[s]) {
        const auto found = live_.find(std::stoi(sink.bodies[read_[s]]));
        ASSERT_NE(found, live_.end()) << "resurrected";
        Copy& copy = found->second;
        seen_twice_ += copy.holder >= 0;
        ASSERT_GT(copy.expires, now_) << "expired and handed out";
        ASSERT_EQ(sink.headers[read_[s]].delivery_count, copy.count);
        copy.holder = static_cast<int>(s);
        copy.at = sink.positions[read_[s]];
      }
    }
    bool credit = false;
    for (const auto& sink : sinks_) credit = credit || sink->credit > 0;
    for (const auto& [id, copy] : live_) {
      ASSERT_FALSE(credit && copy.holder < 0 && copy.expires > now_) << id << " is free although there is credit";
    }
  }
  void settle() {
    std::vector<int> held;
    for (const auto& [id, copy] : live_) {
      if (copy.holder >= 0) held.push_back(id);
    }
    if (held.empty()) return;
    const int id = held[random_() % held.size()];
    Copy& copy = live_[id];
    Sink& sink = *sinks_[static_cast<std::size_t>(copy.holder)];
    const Position at = copy.at;
    Outcome outcome;
    const auto choice = random_() % 4;
    if (choice == 1) outcome.kind = Outcome::Kind::released;
    if (choice == 2) outcome = {.kind = Outcome::Kind::modified, .delivery_failed = true};
    if (choice == 3) outcome.kind = Outcome::Kind::rejected;
    copy.holder = -1;
    if (choice == 2) ++copy.count;
    if (choice == 0 || choice == 3 || copy.count >= 4) live_.erase(id);
    queue_.settle(at, outcome, &sink, at_ms(now_));
    forget_expired();
    collect();
  }
  void lose_all_of_one() {
    const int victim = static_cast<int>(random_() % sinks_.size());
    auto& sink = sinks_[static_cast<std::size_t>(victim)];
    std::vector<Position> held;
    for (auto it = live_.begin(); it != live_.end();) {
      if (it->second.holder == victim) {
        held.push_back(it->second.at);
        it->second.holder = -1;
        if (++it->second.count >= 4) {
          it = live_.erase(it);
          continue;
        }
      }
      ++it;
    }
    sink = std::make_unique<Sink>(queue_);
    read_[static_cast<std::size_t>(victim)] = 0;
    for (const Position at : held) queue_.lose(at, at_ms(now_));
    forget_expired();
    collect();
  }
  void sweep() {
    queue_.sweep(at_ms(now_));
    forget_expired();
  }
  void forget_expired() {
    std::erase_if(live_, [&](const auto& item) { return item.second.holder < 0 && item.second.expires <= now_; });
  }

  std::mt19937 random_;
  RecordingStorage storage_;
  Events events_;
  Queue queue_;
  std::array<std::unique_ptr<Sink>, 3> sinks_;
  std::array<std::size_t, 3> read_{};
  std::map<int, Copy> live_;
  int next_ = 0, now_ = 0, seen_twice_ = 0;
};

TEST(QueueModel, RandomOperationsAgreeWithTheModel) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed);
    for (int i = 0; i < 1500; ++i) {
      model.step();
      model.check();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace bascule::broker
