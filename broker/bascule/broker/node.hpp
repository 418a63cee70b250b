// Node: what an address names: a Queue or a Topic. Producers publish to it and are slowed down by it.
//
// Thread safety: the broker's loop only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bascule/broker/demand.hpp"
#include "bascule/broker/entries.hpp"

namespace bascule::broker {

/// One who publishes to a node and holds credit from it.
class Producer {
 public:
  /// The node has room again after has_room() was false.
  virtual void room_made() = 0;
  /// The node is being deleted; forget it.
  virtual void node_deleted() = 0;

 protected:
  ~Producer() = default;
};

/// What became of a published message.
struct Admission {
  enum class Result : std::uint8_t {
    accepted,  ///< taken; the promise holds once the storage is durable up to `lsn`
    full,      ///< refused at a bound: amqp:resource-limit-exceeded
    no_space,  ///< durable, and the disk is full
    stopped,   ///< a message that it holds is damaged on the disk: amqp:internal-error
  };
  Result result = Result::accepted;
  Lsn lsn = 0;
};

/// Who publishes: a number made of the client's container-id; 0: nobody's.
using Origin = std::uint64_t;

/// A message that somebody wants to publish.
struct Transfer {
  const Message* message;
  Origin origin = 0;
};

class Node {
 public:
  enum class Kind : std::uint8_t { queue, topic, service };

  Node(Kind kind, std::string address) : kind_(kind), address_(std::move(address)) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node();

  Kind kind() const noexcept { return kind_; }
  const std::string& address() const noexcept { return address_; }

  virtual Admission publish(const MessageRef& message, Time now) = 0;
  virtual Admission publish_from(Origin, const MessageRef& message, Time now) { return publish(message, now); }
  /// For what the broker itself puts here (moved messages, dead letters): as publish(), but never taken for a repetition
  /// of what came before, because it would be lost.
  virtual Admission take(const MessageRef& message, Time now) { return publish(message, now); }
  /// Whether all of these would be taken now; makes room where that is the policy.
  virtual Admission::Result admits(std::span<const Transfer>, Time) { return Admission::Result::accepted; }
  /// What publish() of it would append to the storage, at most.
  virtual Demand demand_of(const Message&) const { return {}; }
  /// No other node of this process has it, ever.
  std::uint64_t serial() const noexcept { return serial_; }
  /// Why it is out of service; empty: it is not.
  virtual const std::string& stopped() const noexcept;
  /// False while producers should get no more credit.
  virtual bool has_room() const noexcept = 0;

  void attach(Producer& producer) { producers_.push_back(&producer); }
  void detach(Producer& producer) noexcept { std::erase(producers_, &producer); }
  bool has_producers() const noexcept { return !producers_.empty(); }
  void tell_room_made();

 private:
  static std::uint64_t next_serial() noexcept;

  const Kind kind_;
  const std::uint64_t serial_ = next_serial();
  const std::string address_;
  std::vector<Producer*> producers_;
};

}  // namespace bascule::broker
