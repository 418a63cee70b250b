#include "bascule/broker/configuration.hpp"

namespace bascule::broker {
namespace {

class Keys {
 public:
  explicit Keys(const config::Section& section) : section_(section) {}

  template <class Number>
  void count(const char* key, Number& value, std::int64_t least = 1) const {
    value = static_cast<Number>(section_.integer(key, static_cast<std::int64_t>(value), least, 2'000'000'000));
  }
  template <class Number>
  void size(const char* key, Number& value) const {
    value = static_cast<Number>(section_.size(key, value));
  }
  void duration(const char* key, std::chrono::milliseconds& value) const { value = section_.duration(key, value); }

 private:
  const config::Section& section_;
};

void read_limits(const config::Section& section, BrokerOptions& options) {
  const Keys keys(section);
  keys.duration("idle_timeout", options.idle_timeout);
  keys.duration("handshake_timeout", options.handshake_timeout);
  keys.size("max_message_size", options.max_message_size);
  keys.count("max_connections", options.max_connections);
  keys.count("max_links", options.max_links);
  keys.count("max_credit", options.max_credit);
  keys.count("max_unsettled", options.max_unsettled);
}

void read_queues(const config::Section& section, RouterSettings& router) {
  const Keys keys(section);
  router.auto_create = section.boolean("auto_create", router.auto_create);
  keys.count("max_nodes", router.max_nodes);
  keys.count("max_queue_messages", router.queue.max_messages);
  keys.size("max_queue_bytes", router.queue.max_bytes);
  keys.count("max_deliveries", router.queue.max_deliveries, 0);
  router.dead_letter_expired = section.boolean("dead_letter_expired", router.dead_letter_expired);
  const auto overflow = section.choice("overflow", "block", {"block", "reject", "drop-head"});
  if (overflow == "reject") router.queue.overflow = Overflow::reject;
  if (overflow == "drop-head") router.queue.overflow = Overflow::drop_head;
}

void read_journal(const config::Section& section, JournalOptions& journal) {
  const Keys keys(section);
  const auto fsync = section.choice("fsync", "group", {"group", "interval", "never"});
  if (fsync == "interval") journal.fsync = Fsync::interval;
  if (fsync == "never") journal.fsync = Fsync::never;
  keys.duration("fsync_interval", journal.interval);
  keys.size("journal_segment", journal.segment_size);
  if (journal.segment_size < 4096 || journal.segment_size > 1U << 30) {
    throw section.error("journal_segment", "must be from 4KiB to 1GiB");
  }
}

}  // namespace

Configuration read_configuration(const config::Section& section) {
  Configuration configuration;
  section.string("url", "");  // for the others: how they reach it
  configuration.broker.listen = section.endpoint("listen", {"127.0.0.1", 5672}).text();
  configuration.data = section.string("data", "");
  configuration.admin = section.string("metrics", "");
  read_limits(section, configuration.broker);
  read_queues(section, configuration.broker.router);
  read_journal(section, configuration.journal);
  return configuration;
}

}  // namespace bascule::broker
