// Message: one message as the broker keeps it: a few decoded header fields and the rest as opaque bytes.
//
// The header section and the delivery annotations (which are for the next hop only) are split off when it
// arrives and the header is written anew for each delivery; everything behind them is forwarded untouched.
// One allocation a message; reference-counted, so that a topic's subscriptions share it. Thread safety: none;
// a message never leaves its broker's loop. Bound: MessageBuilder's limit.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "bascule/broker/bodies.hpp"
#include "bascule/broker/wire.hpp"

namespace bascule::broker {

using Time = std::chrono::steady_clock::time_point;

/// The header section (AMQP 1.0, 3.2.1), with its defaults.
struct Header {
  bool durable = false;
  std::uint8_t priority = 4;
  std::optional<std::uint32_t> ttl = {};  ///< milliseconds
  bool first_acquirer = false;
  std::uint32_t delivery_count = 0;
};

class Message {
 public:
  /// From message annotations on: what every receiver gets as it was sent.
  Bytes body() const noexcept { return {bytes() + offset_, size_ - offset_}; }
  bool durable() const noexcept { return durable_; }
  std::uint8_t priority() const noexcept { return priority_; }
  /// When it expires; Time::max(): never.
  Time expires() const noexcept { return expires_; }
  void set_expires(Time at) noexcept { expires_ = at; }
  /// Not to be delivered before; Time::min(): at once.
  Time due() const noexcept { return due_; }
  void set_due(Time at) noexcept { due_ = at; }
  /// Bytes of all messages of this thread, those that are still arriving among them.
  static std::uint64_t in_memory() noexcept;
  /// What follows body() and is in a file of its own; null: nothing. A shared one is shared.
  SideBody* tail() const noexcept { return tail_; }
  void set_tail(SideBody* tail) noexcept {
    if (tail != nullptr) tail->acquire();
    SideBody::release(std::exchange(tail_, tail));
  }
  /// What it counts against bounds: its bytes and what keeping it costs.
  std::uint32_t cost() const noexcept {
    const std::uint64_t all = memory() + (tail_ == nullptr ? 0 : tail_->size());
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(all, UINT32_MAX));
  }
  /// Its bytes in memory.
  std::uint64_t memory() const noexcept { return size_ + sizeof(Message); }

 private:
  friend class MessageRef;
  friend class MessageBuilder;
  Message() = default;
  ~Message() = default;
  const std::uint8_t* bytes() const noexcept { return reinterpret_cast<const std::uint8_t*>(this + 1); }
  std::uint8_t* bytes() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }

  Time expires_ = Time::max();
  Time due_ = Time::min();
  SideBody* tail_ = nullptr;
  std::uint32_t references_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t offset_ = 0;
  std::uint8_t priority_ = 4;
  bool durable_ = false;
};

/// Shared ownership of a Message; null when empty.
class MessageRef {
 public:
  MessageRef() noexcept = default;
  MessageRef(const MessageRef& other) noexcept : message_(other.message_) {
    if (message_ != nullptr) ++message_->references_;
  }
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~MessageRef() {
    if (message_ != nullptr && --message_->references_ == 0) destroy(message_);
  }

  explicit operator bool() const noexcept { return message_ != nullptr; }
  Message* operator->() const noexcept { return message_; }
  Message& operator*() const noexcept { return *message_; }

 private:
  friend class MessageBuilder;
  explicit MessageRef(Message* adopted) noexcept : message_(adopted) { message_->references_ = 1; }
  static void destroy(Message* message) noexcept;

  Message* message_ = nullptr;
};

/// Collects a message's bytes as they arrive, frame by frame, then splits it.
class MessageBuilder {
 public:
  MessageBuilder() noexcept = default;
  MessageBuilder(const MessageBuilder&) = delete;
  MessageBuilder& operator=(const MessageBuilder&) = delete;
  ~MessageBuilder() { reset(); }

  std::size_t size() const noexcept { return message_ == nullptr ? 0 : message_->size_; }
  /// Room for `n` more bytes, valid until the next call; commit() tells how many were written. Growth
  /// doubles, so that a large message is not copied for each frame; a message of one frame is allocated to
  /// measure.
  std::uint8_t* prepare(std::size_t n);
  void commit(std::size_t n) noexcept { message_->size_ += static_cast<std::uint32_t>(n); }
  void append(Bytes bytes);
  void reset() noexcept;
  /// The message, its ttl counted from `now`; null when the sections in front are malformed. Leaves the
  /// builder empty.
  MessageRef finish(Time now);

 private:
  Message* message_ = nullptr;
  std::size_t capacity_ = 0;
};

/// A header section's encoding, at most 24 bytes.
struct EncodedHeader {
  std::array<std::uint8_t, 24> bytes;
  std::uint8_t size = 0;
  Bytes view() const noexcept { return {bytes.data(), size}; }
};
/// Writes all fields up to the last that differs from its default; `durable` always (some brokers differ on
/// its default).
EncodedHeader encode(const Header& header) noexcept;
/// Decodes the list of a header section. None when malformed.
std::optional<Header> decode_header(Bytes list) noexcept;

/// A message from whole bytes, as a sender would transfer it. For the broker's own messages and for tests.
MessageRef make_message(Bytes bytes, Time now);

}  // namespace bascule::broker
