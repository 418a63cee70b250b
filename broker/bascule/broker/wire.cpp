#include "bascule/broker/wire.hpp"

namespace bascule::broker {
namespace {

constexpr std::uint8_t described = 0x00;

bool is_section(std::uint64_t code) noexcept { return code >= 0x70 && code <= 0x78; }

}  // namespace

Reader Reader::fail() noexcept {
  failed_ = true;
  at_ = end_;
  return *this;
}

Bytes Reader::take(std::size_t n) noexcept {
  if (failed_ || n > left()) {
    fail();
    return {};
  }
  const Bytes taken(at_, n);
  at_ += n;
  return taken;
}

std::uint64_t Reader::big_endian(std::size_t n) noexcept {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : take(n)) value = value << 8 | byte;
  return value;
}

std::optional<Section> Reader::section() noexcept {
  if (empty()) return {};
  const auto start = take(2);
  std::uint64_t code = 0;
  if (start.size() == 2 && start[0] == described) {
    if (start[1] == 0x53) code = big_endian(1);
    if (start[1] == 0x80) code = big_endian(8);
  }
  if (!is_section(code)) {
    fail();
    return {};
  }
  return static_cast<Section>(code);
}

// What follows the format code: its width is in the code's high nibble (AMQP 1.0, 1.2).
Bytes Reader::body_of(std::uint8_t code) noexcept {
  switch (code >> 4) {
    case 0x4: return take(0);
    case 0x5: return take(1);
    case 0x6: return take(2);
    case 0x7: return take(4);
    case 0x8: return take(8);
    case 0x9: return take(16);
    case 0xa:
    case 0xc:
    case 0xe: return take(big_endian(1));
    case 0xb:
    case 0xd:
    case 0xf: return take(big_endian(4));
    default: fail(); return {};
  }
}

Bytes Reader::value() noexcept {
  const std::uint8_t* start = at_;
  // A described value is descriptor then value, and either may be described again: count what is still to
  // come.
  std::uint32_t owed = 1;
  while (owed > 0 && !failed_) {
    const auto code = take(1);
    if (code.empty()) break;
    if (code[0] == described) {
      ++owed;
      continue;
    }
    body_of(code[0]);
    --owed;
  }
  if (failed_) return {};
  return Bytes(start, at_);
}

Reader Reader::items(std::uint32_t& count) noexcept {
  count = 0;
  const auto code = take(1);
  if (code.empty()) return Reader({}).fail();
  if (code[0] == 0x40 || code[0] == 0x45) return Reader({});
  const std::uint8_t kind = code[0] & 0xf;
  const std::size_t width = code[0] >> 4 == 0xc ? 1 : 4;
  if ((code[0] >> 4 != 0xc && code[0] >> 4 != 0xd) || kind > 1) {
    fail();
    return Reader({}).fail();
  }
  const auto body = take(big_endian(width));
  Reader inside(body);
  count = static_cast<std::uint32_t>(inside.big_endian(width));
  // Each item takes at least one byte, so a count larger than that is a lie.
  if (inside.failed() || count > inside.left()) {
    fail();
    return Reader({}).fail();
  }
  return inside;
}

std::optional<bool> Reader::boolean() noexcept {
  const auto encoded = value();
  if (encoded.size() == 1 && encoded[0] == 0x41) return true;
  if (encoded.size() == 1 && encoded[0] == 0x42) return false;
  if (encoded.size() == 2 && encoded[0] == 0x56) return encoded[1] != 0;
  return {};
}

std::optional<std::uint64_t> Reader::unsigned_integer() noexcept {
  const auto encoded = value();
  if (encoded.empty()) return {};
  Reader body(encoded.subspan(1));
  switch (encoded[0]) {
    case 0x43:
    case 0x44: return 0;
    case 0x50:
    case 0x52:
    case 0x53:
    case 0x60:
    case 0x70:
    case 0x80: return body.big_endian(encoded.size() - 1);
    default: return {};
  }
}

std::optional<std::int64_t> Reader::signed_integer() noexcept {
  Reader copy = *this;
  if (const auto positive = copy.unsigned_integer()) {
    *this = copy;
    return static_cast<std::int64_t>(*positive);
  }
  const auto encoded = value();
  if (encoded.empty()) return {};
  Reader body(encoded.subspan(1));
  const auto raw = body.big_endian(encoded.size() - 1);
  switch (encoded[0]) {
    case 0x51:
    case 0x54:
    case 0x55: return static_cast<std::int8_t>(raw);
    case 0x61: return static_cast<std::int16_t>(raw);
    case 0x71: return static_cast<std::int32_t>(raw);
    case 0x81:
    case 0x83: return static_cast<std::int64_t>(raw);
    default: return {};
  }
}

std::optional<std::string_view> Reader::text() noexcept {
  const auto encoded = value();
  if (encoded.empty()) return {};
  if (encoded[0] == 0xa1 || encoded[0] == 0xa3) return as_text(encoded.subspan(2));
  if (encoded[0] == 0xb1 || encoded[0] == 0xb3) return as_text(encoded.subspan(5));
  return {};
}

void Writer::section(Section code) { out_.insert(out_.end(), {described, 0x53, static_cast<std::uint8_t>(code)}); }

void Writer::big_endian(std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void Writer::uint(std::uint32_t value) {
  if (value < 256) {
    out_.insert(out_.end(), {0x52, static_cast<std::uint8_t>(value)});
  } else {
    out_.push_back(0x70);
    big_endian(value, 4);
  }
}

void Writer::int32(std::int32_t value) {
  out_.push_back(0x71);
  big_endian(static_cast<std::uint32_t>(value), 4);
}

void Writer::ulong(std::uint64_t value) {
  out_.push_back(0x80);
  big_endian(value, 8);
}

void Writer::long_(std::int64_t value) {
  out_.push_back(0x81);
  big_endian(static_cast<std::uint64_t>(value), 8);
}

void Writer::timestamp(std::int64_t milliseconds) {
  out_.push_back(0x83);
  big_endian(static_cast<std::uint64_t>(milliseconds), 8);
}

void Writer::variable(std::uint8_t code, std::string_view bytes) {
  const bool small = bytes.size() < 256;
  out_.push_back(small ? code : static_cast<std::uint8_t>(code + 0x10));
  big_endian(bytes.size(), small ? 1 : 4);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void Writer::compound(std::uint8_t small, std::uint8_t large, std::uint32_t count, Bytes items) {
  const bool fits = items.size() + 1 < 256 && count < 256;
  const int width = fits ? 1 : 4;
  out_.push_back(fits ? small : large);
  big_endian(items.size() + static_cast<std::size_t>(width), width);
  big_endian(count, width);
  raw(items);
}

}  // namespace bascule::broker
