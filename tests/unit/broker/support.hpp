// What the broker's unit tests share: messages made from parts, a consumer that records, a clock that is a
// number.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bascule/broker/annotate.hpp"
#include "bascule/broker/queue.hpp"
#include "bascule/broker/selector.hpp"

namespace bascule::broker::testing {

inline constexpr Time start{std::chrono::hours(1)};
inline Time at_ms(int milliseconds) { return start + std::chrono::milliseconds(milliseconds); }

struct Parts {
  std::string body = "body";
  bool durable = false;
  std::optional<std::uint32_t> ttl = {};
  std::string to = {}, reply_to = {}, group_id = {};
  std::optional<std::uint64_t> correlation_id = {};
  std::optional<bool> idempotent = {};
  std::uint8_t priority = 4;
  std::string message_id = {}, kind = {}, duplicate_id = {};  ///< kind: an application property to select by
};

inline std::vector<std::uint8_t> encode_message(const Parts& parts) {
  std::vector<std::uint8_t> bytes;
  Writer out(bytes);
  out.raw(encode(Header{.durable = parts.durable, .priority = parts.priority, .ttl = parts.ttl}).view());
  std::vector<std::uint8_t> items;
  Writer item(items);
  const auto text = [&item](const std::string& value) { value.empty() ? item.null() : item.string(value); };
  text(parts.message_id);
  item.null();
  text(parts.to);
  item.null();
  text(parts.reply_to);
  parts.correlation_id ? item.ulong(*parts.correlation_id) : item.null();
  for (int unused = 6; unused < 10; ++unused) item.null();
  text(parts.group_id);
  out.section(Section::properties);
  out.list(11, items);
  items.clear();
  std::uint32_t count = 0;
  const auto property = [&](const char* key) {
    item.string(key);
    count += 2;
  };
  if (parts.idempotent) {
    property("other"), item.ulong(7);
    property("bascule-idempotent"), item.boolean(*parts.idempotent);
  }
  if (!parts.kind.empty()) property("kind"), item.string(parts.kind);
  if (!parts.duplicate_id.empty()) property("_AMQ_DUPL_ID"), item.string(parts.duplicate_id);
  if (count > 0) {
    out.section(Section::application_properties);
    out.map(count, items);
  }
  out.section(Section::data);
  out.binary(parts.body);
  return bytes;
}

inline MessageRef message(const Parts& parts, Time now = start) { return make_message(encode_message(parts), now); }
template <class Text>
  requires std::is_convertible_v<Text, std::string>
MessageRef message(const Text& body) {
  return message(Parts{.body = body});
}

/// The one data section's content.
inline std::string body_of(const Message& message) {
  Reader reader(message.body());
  while (const auto section = reader.section()) {
    const auto value = reader.value();
    if (*section == Section::data) return std::string(as_text(value.subspan(value[0] == 0xa0 ? 2 : 5)));
  }
  return "(no data section)";
}

class Sink final : public Consumer {
 public:
  explicit Sink(Queue& from, std::uint32_t initial_credit = 0, const Reading& reading = {})
      : Consumer(reading), queue(&from), credit(initial_credit) {
    queue->attach(*this);
    if (credit > 0) queue->ready(*this, start);
  }
  ~Sink() {
    if (queue != nullptr) queue->detach(*this);
  }
  void flow(std::uint32_t more, Time now = start) {
    credit += more;
    queue->ready(*this, now);
  }
  bool deliver(Queue& from, const Delivery& delivery) override {
    --credit;
    positions.push_back(delivery.position);
    headers.push_back(delivery.header);
    bodies.push_back(body_of(*delivery.message));
    messages.push_back(delivery.message);
    if (settles) from.settle(delivery.position, {}, this, start);
    return credit > 0;
  }
  void queue_deleted() override { queue = nullptr; }
  void looked_through(Time) override { ++told_looked_through; }
  void settle(std::size_t index, Outcome outcome = {}, Time now = start) {
    queue->settle(positions.at(index), outcome, this, now);
  }

  Queue* queue;
  std::uint32_t credit;
  bool settles = false;
  int told_looked_through = 0;
  std::vector<Position> positions;
  std::vector<Header> headers;
  std::vector<std::string> bodies;
  std::vector<MessageRef> messages;
};

inline Reading selecting(const std::string& text) { return {.selector = std::make_shared<const Selector>(text)}; }

struct Events final : QueueEvents {
  struct Discarded {
    std::string body;
    Discard why;
    std::uint32_t count;
    bool operator==(const Discarded&) const = default;
  };
  bool discarded(Queue&, const Departure& gone, Time) override {
    all.push_back({body_of(*gone.message), gone.why, gone.delivery_count});
    errors.push_back(gone.errors == nullptr ? Errors{} : *gone.errors);
    return true;
  }
  void more_to_look(Queue&) override { ++wants_to_look; }
  bool answer_lost(Queue&, const Message& request, Time) override {
    answered.push_back(body_of(request));
    return can_answer;
  }
  std::vector<Discarded> all;
  std::vector<Errors> errors;
  int wants_to_look = 0;
  std::vector<std::string> answered;
  bool can_answer = true;
};

/// Records what it is told; durable only as far as the test says.
struct RecordingStorage : Storage {
  void listen(StorageListener*) override {}
  void recover(Recovery&, Time) override {}
  void forget(QueueId queue, Lsn lsn) override {
    log.push_back("forget " + std::to_string(queue) + " " + std::to_string(lsn));
  }
  QueueId declare(std::string_view address, std::string_view) override {
    log.push_back("declare " + std::string(address));
    return ++queues;
  }
  void remove(QueueId queue) override { log.push_back("remove " + std::to_string(queue)); }
  Lsn publish(const Message& stored, std::span<const QueueId> to) override {
    std::string line = "publish " + body_of(stored) + " to";
    for (const QueueId id : to) line += " " + std::to_string(id);
    log.push_back(line);
    return ++last;
  }
  void settle(QueueId queue, Lsn lsn) override {
    log.push_back("settle " + std::to_string(queue) + " " + std::to_string(lsn));
  }
  void remember(QueueId node, Bytes key, Time) override {
    log.push_back("remember " + std::to_string(node) + " " + std::to_string(key.size()));
  }
  void begin() override { log.push_back("begin"); }
  Lsn end() override {
    log.push_back("end");
    return last;
  }
  void update(Lsn lsn, const Holding& holding) override {
    log.push_back("count " + std::to_string(holding.queue) + " " + std::to_string(lsn) + " " +
                  std::to_string(holding.delivery_count));
  }
  Lsn durable() const noexcept override { return 0; }
  std::vector<std::string> log;
  QueueId queues = 0;
  Lsn last = 0;
};

}  // namespace bascule::broker::testing
