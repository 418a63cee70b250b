#include "bascule/broker/metrics.hpp"

namespace bascule::broker {
namespace {

using telemetry::Registry;

void collect_connections(Registry& registry, const Broker& broker) {
  const auto& counters = broker.shared().counters;
  const auto total = [&registry](const char* name, const char* help, std::uint64_t value) {
    registry.counter(name, help).one().set_total(value);
  };
  registry.gauge("bascule_broker_connections", "Open connections.")
      .one()
      .set(static_cast<double>(broker.connections()));
  total("bascule_broker_connections_opened_total", "Connections accepted.", counters.connections_opened);
  total("bascule_broker_links_opened_total", "Links attached.", counters.links_opened);
  total("bascule_broker_links_refused_total", "Links refused with an error.", counters.links_refused);
  total("bascule_broker_transfers_in_total", "Messages received.", counters.transfers_in);
  total("bascule_broker_transfers_out_total", "Messages delivered.", counters.transfers_out);
  total("bascule_broker_unroutable_total", "Messages whose 'to' names no node.", counters.unroutable);
  total("bascule_broker_malformed_total", "Messages that could not be decoded.", counters.malformed);
  total("bascule_broker_credit_violations_total", "Links ended for sending without credit.",
        counters.credit_violations);
  total("bascule_broker_connections_refused_total", "Connections refused at a bound.", counters.connections_refused);
}

void collect_security(Registry& registry, const Broker& broker) {
  const auto total = [&registry](const char* name, const char* help, std::uint64_t value) {
    registry.counter(name, help).one().set_total(value);
  };
  const auto& security = broker.shared().security;
  if (const auto& logins = security.logins()) {
    const auto login = [&registry](const char* result, std::uint64_t value) {
      registry.counter("bascule_broker_logins_total", "Logins with a password.", {"result"})
          .with({result})
          .set_total(value);
    };
    login("succeeded", logins->counters().succeeded);
    login("failed", logins->counters().failed);
    login("throttled", logins->counters().throttled);
    login("busy", logins->counters().busy);
  }
  total("bascule_broker_denied_total", "Links and messages refused by the access rules.", security.counters.denied);
  total("bascule_broker_connections_cut_total", "Connections whose user, password or certificate ceased to count.",
        security.counters.cut);
  total("bascule_broker_claims_refused_total", "Messages with another's user-id.", security.counters.claims_refused);
  total("bascule_broker_reloads_total", "Users, access and certificate files read anew.", security.counters.reloads);
  total("bascule_broker_reloads_failed_total", "Those that were broken.", security.counters.reloads_failed);
  const auto& listeners = broker.listeners();
  total("bascule_broker_handshakes_total", "TLS and WebSocket handshakes.", listeners.counters().handshakes);
  total("bascule_broker_handshakes_failed_total", "Those that failed.", listeners.counters().handshakes_failed);
  total("bascule_broker_handshakes_refused_total", "Those refused at max_handshakes.",
        listeners.counters().handshakes_refused);
  if (const auto end = listeners.certificate_expires()) {
    registry.gauge("bascule_broker_certificate_expires_seconds", "When the certificate ends, Unix time.")
        .one()
        .set(std::chrono::duration<double>(end->time_since_epoch()).count());
  }
}

void collect_storage(Registry& registry, const Storage& storage) {
  const auto set = [&registry](const char* name, const char* help, std::uint64_t value) {
    registry.gauge(name, help).one().set(static_cast<double>(value));
  };
  const StorageSize size = storage.size();
  set("bascule_broker_message_memory_bytes", "Messages in memory, of all queues.", Message::in_memory());
  set("bascule_broker_memory_high", "1 while publishers get no credit for want of memory.", storage.memory_high());
  set("bascule_broker_disk_low", "1 while publishers get no credit for want of disk.", storage.disk_low());
  set("bascule_broker_accepts_durable", "0 while durable messages are refused (disk full).", storage.accepts());
  set("bascule_broker_journal_bytes", "Files of the journal.", size.journal_bytes);
  set("bascule_broker_journal_room_bytes", "What of the journal's files is empty.", size.journal_room);
  set("bascule_broker_settlements_waiting", "Settlements that wait for room on a full disk.", size.settlements_waiting);
  set("bascule_broker_updates_dropped", "Counts of attempts not stored for want of room.", size.updates_dropped);
  set("bascule_broker_room_waits", "Times that the loop waited for a segment to be made.", size.room_waits);
  set("bascule_broker_large_bodies", "Messages with a part in a file of its own.", size.large_bodies);
  set("bascule_broker_paged_out_messages", "Messages in scratch files.", size.paged_out);
}

void collect_queue(Registry& registry, const Queue& queue) {
  const std::string& address = queue.address();
  const auto& counters = queue.counters();
  const auto set = [&](const char* name, const char* help, std::uint64_t value) {
    registry.gauge(name, help, {"queue"}).with({address}).set(static_cast<double>(value));
  };
  set("bascule_broker_queue_messages", "Messages that wait.", queue.available());
  set("bascule_broker_queue_unsettled", "Messages handed out and not settled.", queue.acquired());
  set("bascule_broker_queue_scheduled", "Messages that are not due yet.", queue.scheduled());
  set("bascule_broker_queue_bytes", "Bytes of all.", queue.bytes());
  set("bascule_broker_queue_stopped", "1 when a message of it is damaged on the disk.", !queue.stopped().empty());
  set("bascule_broker_queue_consumers", "Attached receivers.", queue.consumers());
  const auto total = [&](const char* what, std::uint64_t value) {
    registry.counter("bascule_broker_queue_events_total", "What became of a queue's messages.", {"queue", "event"})
        .with({address, what})
        .set_total(value);
  };
  total("enqueued", counters.enqueued);
  total("accepted", counters.accepted);
  total("returned", counters.returned);
  total("refused", counters.refused);
  total("expired", counters.expired);
  total("rejected", counters.rejected);
  total("undeliverable", counters.undeliverable);
  total("dropped", counters.dropped);
  total("answered_lost", counters.answered_lost);
  total("delayed", counters.delayed);
  total("duplicates", counters.duplicates);
  total("cancelled", counters.cancelled);
  total("purged", counters.purged);
  total("moved", counters.moved);
}

void collect_transactions(Registry& registry, const Broker& broker) {
  const auto& counters = broker.shared().transactions;
  const auto total = [&](const char* what, std::uint64_t value) {
    registry.counter("bascule_broker_transactions_total", "What became of transactions.", {"event"})
        .with({what})
        .set_total(value);
  };
  total("declared", counters.declared);
  total("committed", counters.committed);
  total("rolled_back", counters.rolled_back);
  total("timed_out", counters.timed_out);
  total("failed", counters.failed);
}

void collect_topic(Registry& registry, const Topic& topic) {
  if (topic.duplicates() == 0) return;
  registry.counter("bascule_broker_topic_duplicates_total", "Repeated messages that were not taken again.", {"topic"})
      .with({topic.address()})
      .set_total(topic.duplicates());
}

}  // namespace

void register_metrics(Registry& registry, const Broker& broker) {
  registry.on_collect([&registry, &broker] {
    collect_connections(registry, broker);
    collect_transactions(registry, broker);
    collect_storage(registry, broker.shared().storage);
    collect_security(registry, broker);
    const Router& router = broker.shared().router;
    registry.gauge("bascule_broker_nodes", "Queues, topics and subscriptions.")
        .one()
        .set(static_cast<double>(router.size()));
    router.for_each([&](Node& node) {
      if (node.kind() == Node::Kind::topic) collect_topic(registry, static_cast<const Topic&>(node));
      if (node.kind() != Node::Kind::queue) return;
      const auto& queue = static_cast<const Queue&>(node);
      // A dynamic node is one caller's; thousands of them would say nothing.
      if (!router.is_dynamic(queue)) collect_queue(registry, queue);
    });
  });
}

}  // namespace bascule::broker
