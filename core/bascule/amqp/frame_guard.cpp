#include "bascule/amqp/frame_guard.hpp"

#include <algorithm>

namespace bascule::amqp {
namespace {

constexpr const char* framing = "amqp:connection:framing-error";
constexpr const char* decode = "amqp:decode-error";

// Performatives, part 2 section 2.7, and SASL frames, part 5 section 5.3.
constexpr std::uint8_t amqp_first = 0x10, transfer = 0x14, amqp_last = 0x18, sasl_first = 0x40, sasl_last = 0x44;

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
    error = check_header(bytes, size);
    if (!error && bytes.size() < size) return 0;
    if (!error) error = check_frame(bytes.substr(0, size));
    if (error) error = located(std::move(error));
  }
  offset_ += size;
  return size;
}

GuardError FrameGuard::located(GuardError error) const {
  error.description += " (at stream offset " + std::to_string(offset_) + ")";
  return error;
}

GuardError FrameGuard::check_header(std::string_view header, std::size_t size) const {
  const bool sasl = phase_ == Phase::sasl;
  const auto limit = sasl ? limits_.max_sasl_frame : limits_.max_frame;
  if (size < 8 || size > limit) {
    return {framing,
            "frame of " + std::to_string(size) + " bytes; 8 to " + std::to_string(limit) + " are allowed here"};
  }
  if (const auto doff = static_cast<unsigned char>(header[4]); doff < 2 || doff * 4u > size) {
    return {framing, "data offset " + std::to_string(doff) + " points outside its frame"};
  }
  if (const auto type = static_cast<unsigned char>(header[5]); type != (sasl ? 1 : 0)) {
    return {framing, "frame type " + std::to_string(type) +
                         (sasl ? "; only SASL frames before authentication" : "; only AMQP frames")};
  }
  return {};
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
  const bool sasl = phase_ == Phase::sasl;
  if (body.empty()) return sasl ? GuardError{framing, "empty SASL frame"} : GuardError{};  // a heartbeat
  Reader reader(body);
  const auto code = reader.descriptor();
  if (!code || *code < (sasl ? sasl_first : amqp_first) || *code > (sasl ? sasl_last : amqp_last)) {
    return {framing, sasl ? "a frame that is no SASL performative" : "a frame that is no AMQP performative"};
  }
  const auto encoded = reader.value();
  // Only a transfer has a payload behind its performative.
  if (encoded.empty() || (*code != transfer && !reader.empty())) return {decode, "malformed performative"};
  if (!within_limits(encoded, limits_.max_nodes, limits_.max_depth)) {
    return {decode, "performative with more than " + std::to_string(limits_.max_nodes) +
                        " values, nested deeper than " + std::to_string(limits_.max_depth) +
                        ", or with a length that lies"};
  }
  if (sasl) return {};
  const auto list = Reader(encoded).list();
  if (!list) return {decode, "performative is not a list"};
  const auto channel =
      static_cast<std::uint16_t>(static_cast<unsigned char>(frame[6]) << 8 | static_cast<unsigned char>(frame[7]));
  auto error = conversation_.take(static_cast<std::uint8_t>(*code), channel, *list);
  if (!error) flows_.received(static_cast<Performative>(*code), channel, list->items, conversation_.begins_delivery());
  return error;
}

}  // namespace bascule::amqp
