// What the broker's unit tests share: messages made from parts, a consumer that records, a clock that is a
// number.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bascule/broker/queue.hpp"

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
};

inline std::vector<std::uint8_t> encode_message(const Parts& parts) {
  std::vector<std::uint8_t> bytes;
  Writer out(bytes);
  out.raw(encode(Header{.durable = parts.durable, .ttl = parts.ttl}).view());
  std::vector<std::uint8_t> items;
  Writer item(items);
  const auto text = [&item](const std::string& value) { value.empty() ? item.null() : item.string(value); };
  item.null();
  item.null();
  text(parts.to);
  item.null();
  text(parts.reply_to);
  parts.correlation_id ? item.ulong(*parts.correlation_id) : item.null();
  for (int unused = 6; unused < 10; ++unused) item.null();
  text(parts.group_id);
  out.section(Section::properties);
  out.list(11, items);
  if (parts.idempotent) {
    items.clear();
    item.string("other");
    item.ulong(7);
    item.string("bascule-idempotent");
    item.boolean(*parts.idempotent);
    out.section(Section::application_properties);
    out.map(4, items);
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
  explicit Sink(Queue& from, std::uint32_t initial_credit = 0, bool is_selective = false)
      : Consumer(is_selective), queue(&from), credit(initial_credit) {
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
    if (settles) from.settle(delivery.position, {}, this, start);
    return credit > 0;
  }
  void queue_deleted() override { queue = nullptr; }
  bool wants(const Message& offered) const override { return body_of(offered).starts_with(prefix); }
  void settle(std::size_t index, Outcome outcome = {}, Time now = start) {
    queue->settle(positions.at(index), outcome, this, now);
  }

  Queue* queue;
  std::uint32_t credit;
  bool settles = false;
  std::string prefix;
  std::vector<Position> positions;
  std::vector<Header> headers;
  std::vector<std::string> bodies;
};

struct Events final : QueueEvents {
  struct Discarded {
    std::string body;
    Discard why;
    std::uint32_t count;
    bool operator==(const Discarded&) const = default;
  };
  void discarded(Queue&, const MessageRef& gone, std::uint32_t count, Discard why, const Outcome*, Time) override {
    all.push_back({body_of(*gone), why, count});
  }
  bool answer_lost(Queue&, const Message& request, Time) override {
    answered.push_back(body_of(request));
    return can_answer;
  }
  std::vector<Discarded> all;
  std::vector<std::string> answered;
  bool can_answer = true;
};

/// Records what it is told; durable only as far as the test says.
struct RecordingStorage final : Storage {
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
