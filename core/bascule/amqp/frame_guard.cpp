#include "bascule/amqp/frame_guard.hpp"

#include <algorithm>

#include "bascule/amqp/reader.hpp"

namespace bascule::amqp {
namespace {

constexpr const char* framing = "amqp:connection:framing-error";
constexpr const char* decode = "amqp:decode-error";
constexpr const char* not_allowed = "amqp:not-allowed";

// Performatives, part 2 section 2.7, and SASL frames, part 5 section 5.3.
enum : std::uint8_t { open = 0x10, begin, attach, flow, transfer, disposition, detach, end, close };
constexpr std::uint8_t sasl_first = 0x40, sasl_last = 0x44;

std::uint32_t load32(std::string_view b) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(b[static_cast<std::size_t>(i)]);
  return value;
}

}  // namespace

GuardError FrameGuard::check(std::string_view bytes) {
  GuardError error;
  // The rest of an incomplete frame first: as much as it needs, no more.
  while (!partial_.empty() && !bytes.empty()) {
    std::size_t need = 8 - std::min<std::size_t>(partial_.size(), 8);
    if (need == 0) {
      const bool header = partial_.compare(0, 4, "AMQP") == 0;
      need = (header ? 8 : load32(partial_)) - partial_.size();
    }
    need = std::min(need, bytes.size());
    partial_.append(bytes.substr(0, need));
    bytes.remove_prefix(need);
    const auto taken = take(partial_, error);
    if (error) return error;
    if (taken != 0) partial_.clear();
  }
  while (!bytes.empty()) {
    const auto taken = take(bytes, error);
    if (error) return error;
    if (taken == 0) {
      partial_.assign(bytes);
      break;
    }
    bytes.remove_prefix(taken);
  }
  return error;
}

std::size_t FrameGuard::take(std::string_view bytes, GuardError& error) {
  if (bytes.size() < 8) return 0;
  std::size_t size = 0;
  if (phase_ == Phase::protocol_header || bytes.substr(0, 4) == "AMQP") {
    size = take_protocol_header(bytes, error);
  } else {
    size = load32(bytes);
    const auto limit = phase_ == Phase::sasl ? limits_.max_sasl_frame : limits_.max_frame;
    const auto at = " at stream offset " + std::to_string(offset_);
    if (size < 8 || size > limit) {
      error = {framing, "frame of " + std::to_string(size) + " bytes" + at + "; 8 to " + std::to_string(limit) +
                            " are allowed here"};
    } else if (const auto doff = static_cast<unsigned char>(bytes[4]); doff < 2 || doff * 4u > size) {
      error = {framing, "data offset " + std::to_string(doff) + at + " points outside its frame"};
    } else if (const auto type = static_cast<unsigned char>(bytes[5]); type != (phase_ == Phase::sasl ? 1 : 0)) {
      error = {framing,
               "frame type " + std::to_string(type) + at +
                   (phase_ == Phase::sasl ? "; only SASL frames before authentication" : "; only AMQP frames")};
    } else if (bytes.size() < size) {
      return 0;
    } else {
      error = check_frame(bytes.substr(0, size));
    }
  }
  offset_ += size;
  return size;
}

std::size_t FrameGuard::take_protocol_header(std::string_view bytes, GuardError& error) {
  if (bytes.substr(0, 4) != "AMQP" || bytes[5] != 1 || bytes[6] != 0 || bytes[7] != 0) {
    error = {framing,
             "the stream does not begin with an AMQP 1.0 protocol header; is the peer speaking AMQP 0-9-1, TLS or "
             "HTTP to this port?"};
    return 8;
  }
  const auto id = static_cast<unsigned char>(bytes[4]);
  if (id == 3 && phase_ == Phase::protocol_header) {
    phase_ = Phase::sasl;
  } else if (id == 0 && phase_ != Phase::amqp) {
    phase_ = Phase::amqp;
  } else {
    error = {framing,
             "protocol header " + std::to_string(id) + " is not expected at stream offset " + std::to_string(offset_)};
  }
  return 8;
}

GuardError FrameGuard::check_frame(std::string_view frame) {
  const std::size_t doff = static_cast<unsigned char>(frame[4]) * 4u;
  const auto body = frame.substr(doff);
  const auto channel =
      static_cast<std::uint16_t>(static_cast<unsigned char>(frame[6]) << 8 | static_cast<unsigned char>(frame[7]));
  const bool sasl = phase_ == Phase::sasl;
  if (body.empty()) return sasl ? GuardError{framing, "empty SASL frame"} : GuardError{};  // a heartbeat
  const auto at = " at stream offset " + std::to_string(offset_);
  Reader reader(body);
  const auto code = reader.descriptor();
  const auto [first, last] = sasl ? std::pair<std::uint64_t, std::uint64_t>(sasl_first, sasl_last)
                                  : std::pair<std::uint64_t, std::uint64_t>(open, close);
  if (!code || *code < first || *code > last) {
    return {framing,
            std::string(sasl ? "a frame that is no SASL performative" : "a frame that is no AMQP performative") + at};
  }
  const auto list = reader.value();
  // Only a transfer has a payload behind its performative.
  if (list.empty() || (*code != transfer && !reader.empty())) return {decode, "malformed performative" + at};
  if (!within_limits(list, limits_.max_nodes, limits_.max_depth)) {
    return {decode, "performative with more than " + std::to_string(limits_.max_nodes) +
                        " values, nested deeper than " + std::to_string(limits_.max_depth) +
                        ", or with a length that lies" + at};
  }
  if (sasl) return {};
  if (channel > limits_.channel_max) {
    return {not_allowed,
            "channel " + std::to_string(channel) + at + "; channel-max is " + std::to_string(limits_.channel_max)};
  }
  auto error = check_performative(static_cast<std::uint8_t>(*code), channel, list);
  if (!error) flows_.received(static_cast<Performative>(*code), channel, Reader(list).list()->items);
  return error;
}

GuardError FrameGuard::check_performative(std::uint8_t code, std::uint16_t channel, Bytes encoded) {
  const auto at = " at stream offset " + std::to_string(offset_);
  Reader outer(encoded);
  const auto list = outer.list();
  if (!list) return {decode, "performative is not a list" + at};
  Reader fields(list->items);
  switch (code) {
    case transfer: return check_transfer(channel, list->items);
    case attach: {
      fields.skip();  // name
      if (const auto handle = fields.unsigned_integer(); !handle || *handle > limits_.handle_max) {
        return {not_allowed, "attach with a handle above handle-max " + std::to_string(limits_.handle_max) + at};
      }
      return {};
    }
    case detach: {
      const auto handle = fields.unsigned_integer();
      if (!handle) return {decode, "detach without a handle" + at};
      more_.erase(std::uint64_t{channel} << 32 | *handle);
      return {};
    }
    case disposition: {
      fields.skip();  // role
      const auto first = fields.unsigned_integer();
      if (!first) return {decode, "disposition without `first`" + at};
      const auto last = list->count > 2 ? fields.unsigned_integer().value_or(*first) : *first;
      // Serial numbers wrap (RFC 1982): the span is what counts.
      const auto span = static_cast<std::uint32_t>(last) - static_cast<std::uint32_t>(*first);
      if (span >= limits_.max_disposition) {
        return {not_allowed, "disposition of " + std::to_string(std::uint64_t{span} + 1) + " deliveries" + at +
                                 "; at most " + std::to_string(limits_.max_disposition)};
      }
      return {};
    }
    case end: std::erase_if(more_, [&](const auto& entry) { return entry >> 32 == channel; }); return {};
    default: return {};
  }
}

GuardError FrameGuard::check_transfer(std::uint16_t channel, Bytes items) {
  const auto at = " at stream offset " + std::to_string(offset_);
  Reader fields(items);
  const auto handle = fields.unsigned_integer();
  if (!handle || *handle > limits_.handle_max) return {not_allowed, "transfer on a handle above handle-max" + at};
  const auto next_bool = [&] { return !fields.empty() && fields.boolean().value_or(false); };
  const bool has_id = !fields.empty() && fields.unsigned_integer().has_value();
  const auto tag = fields.empty() ? std::nullopt : fields.bytes();
  if (tag && tag->size() > 32) return {decode, "delivery-tag over 32 bytes" + at};
  if (!fields.empty()) fields.skip();  // message-format
  (void)next_bool();                   // settled
  bool more = next_bool();
  if (!fields.empty()) fields.skip();  // rcv-settle-mode
  if (!fields.empty()) fields.skip();  // state
  (void)next_bool();                   // resume
  if (next_bool()) more = false;       // aborted
  const auto key = std::uint64_t{channel} << 32 | *handle;
  const auto open_delivery = more_.find(key);
  if (open_delivery == more_.end() && (!has_id || !tag)) {
    return {decode, "the first transfer of a delivery needs delivery-id and delivery-tag" + at};
  }
  if (more) {
    more_.insert(key);
  } else if (open_delivery != more_.end()) {
    more_.erase(open_delivery);
  }
  return {};
}

}  // namespace bascule::amqp
