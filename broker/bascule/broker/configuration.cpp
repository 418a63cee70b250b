#include "bascule/broker/configuration.hpp"

#include "bascule/broker/address_configuration.hpp"

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
  keys.duration("drain_time", options.drain_time);
  keys.size("max_message_size", options.max_message_size);
  keys.size("max_unfinished", options.max_unfinished);
  keys.size("large_message", options.large_message);
  keys.count("max_connections", options.max_connections);
  keys.count("max_connections_per_address", options.max_connections_per_address, 0);
  keys.count("max_connections_per_user", options.max_connections_per_user, 0);
  keys.count("max_handshakes", options.max_handshakes);
  keys.count("max_handshakes_per_address", options.max_handshakes_per_address);
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
  keys.size("memory_pages", router.memory_pages);
  keys.size("memory_high", router.memory_high);
  keys.count("max_deliveries", router.queue.max_deliveries, 0);
  router.dead_letter_expired = section.boolean("dead_letter_expired", router.dead_letter_expired);
  const auto overflow = section.choice("overflow", "block", {"block", "reject", "drop-head"});
  if (overflow == "reject") router.queue.overflow = Overflow::reject;
  if (overflow == "drop-head") router.queue.overflow = Overflow::drop_head;
  router.addresses = read_address_settings(section);
}

void read_transactions(const config::Section& section, TransactionLimits& limits) {
  const Keys keys(section);
  keys.count("max_transactions", limits.open);
  keys.count("max_transaction_messages", limits.messages);
  keys.size("max_transaction_bytes", limits.bytes);
  keys.duration("transaction_timeout", limits.timeout);
}

void read_journal(const config::Section& section, JournalOptions& journal) {
  const Keys keys(section);
  const auto fsync = section.choice("fsync", "group", {"group", "interval", "never"});
  if (fsync == "interval") journal.fsync = Fsync::interval;
  if (fsync == "never") journal.fsync = Fsync::never;
  keys.duration("fsync_interval", journal.interval);
  if (section.has("disk_low")) journal.disk_low = section.size("disk_low", 0);
  keys.size("journal_segment", journal.segment_size);
  if (journal.segment_size < 4096 || journal.segment_size > 1U << 30) {
    throw section.error("journal_segment", "must be from 4KiB to 1GiB");
  }
}

std::optional<bool> read_anonymous(const config::Section& section) {
  return section.has("anonymous") ? std::optional(section.boolean("anonymous", false)) : std::nullopt;
}

ListenerOptions read_listener(const config::Section& section) {
  ListenerOptions listener;
  listener.listen = section.endpoint("listen", {"127.0.0.1", 0}).text();
  if (!section.has("listen")) throw section.error("listen", "a listener needs an address: \"host:port\"");
  listener.tls = section.boolean("tls", false);
  listener.websocket = section.boolean("websocket", false);
  listener.anonymous = read_anonymous(section);
  listener.allow_plain_without_tls = section.boolean("allow_plain_without_tls", false);
  listener.origins = section.strings("origins", {});
  return listener;
}

void read_tls(const config::Section& section, amqp::TlsServerOptions& tls) {
  tls.certificate = section.string("cert", "");
  tls.key = section.string("key", "");
  tls.client_ca = section.string("client_ca", "");
  tls.client_crl = section.string("client_crl", "");
  tls.require_client_certificate = section.boolean("require_client_certificate", false);
  tls.client_name = section.choice("client_name", tls.client_name, {"common-name", "subject", "dns", "email", "uri"});
  if (tls.certificate.empty() != tls.key.empty()) throw section.error("key", "cert and key go together");
  if (tls.client_ca.empty() && (tls.require_client_certificate || !tls.client_crl.empty())) {
    throw section.error("client_ca", "client certificates need the authorities that sign them: client_ca");
  }
}

void read_security(const config::Section& section, BrokerOptions& options) {
  options.users = section.string("users", "");
  options.access = section.string("access", "");
  options.admin_token_file = section.string("admin_token_file", "");
  options.admin_hosts = section.strings("admin_hosts", {});
  options.max_failed_logins =
      static_cast<std::uint32_t>(section.integer("max_failed_logins", options.max_failed_logins, 1, 1'000'000));
  options.anonymous = read_anonymous(section);
  options.allow_plain_without_tls = section.boolean("allow_plain_without_tls", false);
  options.reload_interval = section.duration("reload_interval", options.reload_interval);
  read_tls(section.section("tls"), options.tls);
  for (const auto& listener : section.tables("listener")) options.listeners.push_back(read_listener(listener));
  // With listeners of its own a broker has the default one only when asked for it.
  if (!options.listeners.empty() && !section.has("listen")) options.listen.clear();
  if (const auto path = section.string("socket", ""); !path.empty()) {
    if (path.front() != '/') throw section.error("socket", "must be a path that begins with /");
    options.listeners.push_back({.listen = "unix:" + path});
  }
}

}  // namespace

Configuration read_configuration(const config::Section& section) {
  Configuration configuration;
  section.string("url", "");       // for the others: how they reach it
  section.strings("require", {});  // likewise: what they need of a broker
  configuration.broker.listen = section.endpoint("listen", {"127.0.0.1", 5672}).text();
  configuration.data = section.string("data", "");
  configuration.admin = section.string("metrics", "");
  read_limits(section, configuration.broker);
  read_security(section, configuration.broker);
  read_queues(section, configuration.broker.router);
  read_transactions(section, configuration.broker.transactions);
  read_journal(section, configuration.journal);
  return configuration;
}

}  // namespace bascule::broker
