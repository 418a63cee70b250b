// Large bodies: what of a message is too large to be kept in memory, or in the journal, has a file of its own.
//
// The file is a row of blocks {crc32c, length, up to 64 KiB}, so that each is checked before it is passed on. A
// durable message's file is on the medium before the record that names it; it goes when the message was settled, or,
// when no record ever named it, with the last message that has it. Thread safety: the broker's loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bascule/broker/wire.hpp"

namespace bascule::broker {

inline constexpr std::uint64_t body_block = 64U << 10;
inline constexpr std::uint64_t body_block_header = 8;

/// How large the file of a body is.
constexpr std::uint64_t body_file_size(std::uint64_t size) noexcept {
  return size + (size + body_block - 1) / body_block * body_block_header;
}
/// Appends a block of at most 64 KiB.
void put_body_block(std::vector<std::uint8_t>& out, Bytes bytes);
/// Takes a block off the front of `bytes`; empty: it is damaged.
Bytes take_body_block(Bytes& bytes) noexcept;

/// The part of a message behind what it keeps in memory. Counted by the messages that have it: while there is one, its
/// file can be read, settled or not.
class SideBody {
 public:
  /// Told when the last of them is gone.
  using Gone = std::function<void(const SideBody& body)>;
  SideBody(std::uint64_t id, std::uint64_t size, bool stored, Gone gone)
      : id_(id), size_(size), gone_(std::move(gone)), stored_(stored) {}

  std::uint64_t id() const noexcept { return id_; }
  std::uint64_t size() const noexcept { return size_; }
  /// A record names it: its file is the journal's now.
  void stored() noexcept { stored_ = true; }
  bool is_stored() const noexcept { return stored_; }

  void acquire() noexcept { ++references_; }
  static void release(SideBody* body) {
    if (body == nullptr || --body->references_ > 0) return;
    if (body->gone_) body->gone_(*body);
    delete body;
  }

 private:
  const std::uint64_t id_, size_;
  const Gone gone_;
  bool stored_;
  std::uint32_t references_ = 0;
};

struct ReleaseBody {
  void operator()(SideBody* body) const { SideBody::release(body); }
};
/// One reference.
using BodyRef = std::unique_ptr<SideBody, ReleaseBody>;

/// Writes a body as it arrives. Destroyed before finish() has answered: the file goes.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  virtual void append(Bytes bytes) = 0;
  /// More waits to be written than should: append no more until `on_room`.
  virtual bool full() const noexcept = 0;
  /// All is there. `done` gets the body, with no reference yet, on the medium if that was asked for; null: the disk
  /// is full. Later, never from inside.
  virtual void finish(bool on_medium, std::function<void(SideBody*)> done) = 0;
  std::uint64_t size() const noexcept { return size_; }
  std::function<void()> on_room;

 protected:
  std::uint64_t size_ = 0;
};

}  // namespace bascule::broker
