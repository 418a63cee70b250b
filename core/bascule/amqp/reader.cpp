#include "bascule/amqp/reader.hpp"

#include <bit>

namespace bascule::amqp {
namespace {

Code code_of(Bytes encoded) noexcept { return static_cast<Code>(encoded[0]); }

// The content of a variable-width value whose size field takes 1 or 4 bytes.
std::string_view content(Bytes encoded) noexcept { return as_text(encoded.subspan(encoded[0] < 0xb0 ? 2 : 5)); }

}  // namespace

std::optional<std::uint64_t> Reader::descriptor() noexcept {
  if (left() >= 3 && at_[0] == 0 && at_[1] == static_cast<std::uint8_t>(Code::smallulong)) {
    const std::uint64_t code = at_[2];
    at_ += 3;
    return code;
  }
  const std::size_t width = left() < 2 ? 0 : at_[1] == static_cast<std::uint8_t>(Code::smallulong) ? 1 : 8;
  const bool is_ulong = width == 1 || (width == 8 && at_[1] == static_cast<std::uint8_t>(Code::ulong));
  if (!is_ulong || at_[0] != 0 || left() < 2 + width) return fail(), std::nullopt;
  const auto code = load(at_ + 2, width);
  at_ += 2 + width;
  return code;
}

std::optional<Section> Reader::section() noexcept {
  if (empty()) return std::nullopt;
  const auto code = descriptor();
  if (!code) return std::nullopt;
  if (*code < static_cast<std::uint64_t>(Section::header) || *code > static_cast<std::uint64_t>(Section::footer)) {
    return fail(), std::nullopt;
  }
  return static_cast<Section>(*code);
}

Bytes Reader::described_value() noexcept {
  const std::uint8_t* const begin = at_;
  // A described value is 0x00, a descriptor, a value, and either may be described in turn: count what is still to come.
  for (std::size_t owed = 1; owed > 0; --owed) {
    if (left() == 0) return fail(), Bytes();
    const std::uint8_t code = *at_++;
    if (code == 0) {
      owed += 2;
      continue;
    }
    const auto size = body_size(code, at_, left());
    if (size == no_size) return fail(), Bytes();
    at_ += size;
  }
  return {begin, at_};
}

Value Reader::scalar() noexcept {
  const auto encoded = value();
  if (encoded.empty()) return {};
  const std::uint8_t* body = encoded.data() + 1;
  switch (code_of(encoded)) {
    case Code::true_: return true;
    case Code::false_: return false;
    case Code::boolean: return *body != 0;
    case Code::uint0:
    case Code::ulong0: return std::uint64_t{0};
    case Code::ubyte:
    case Code::smalluint:
    case Code::smallulong: return load(body, 1);
    case Code::ushort: return load(body, 2);
    case Code::uint:
    case Code::char_: return load(body, 4);
    case Code::ulong: return load(body, 8);
    case Code::byte:
    case Code::smallint:
    case Code::smalllong: return std::int64_t{static_cast<std::int8_t>(*body)};
    case Code::short_: return std::int64_t{static_cast<std::int16_t>(load(body, 2))};
    case Code::int_: return std::int64_t{static_cast<std::int32_t>(load(body, 4))};
    case Code::long_: return static_cast<std::int64_t>(load(body, 8));
    case Code::timestamp: return Timestamp{static_cast<std::int64_t>(load(body, 8))};
    case Code::float_: return double{std::bit_cast<float>(static_cast<std::uint32_t>(load(body, 4)))};
    case Code::double_: return std::bit_cast<double>(load(body, 8));
    case Code::str8:
    case Code::str32: return content(encoded);
    case Code::sym8:
    case Code::sym32: return Symbol{content(encoded)};
    case Code::vbin8:
    case Code::vbin32: return Binary{content(encoded)};
    default: return {};
  }
}

std::optional<Reader::Compound> Reader::compound(bool list, bool map) noexcept {
  const auto encoded = value();
  if (encoded.empty()) return std::nullopt;
  std::size_t width = 0;
  switch (code_of(encoded)) {
    case Code::null: return Compound{};
    case Code::list0:
      if (list) return Compound{};
      break;
    case Code::list8: width = list ? 1 : 0; break;
    case Code::list32: width = list ? 4 : 0; break;
    case Code::map8: width = map ? 1 : 0; break;
    case Code::map32: width = map ? 4 : 0; break;
    default: break;
  }
  // The size field covers the count field, so both must be there.
  if (width == 0 || encoded.size() < 1 + 2 * width) return fail(), std::nullopt;
  const Compound found{encoded.subspan(1 + 2 * width),
                       static_cast<std::uint32_t>(load(encoded.data() + 1 + width, width))};
  // Every item takes a byte at least: a larger count is a lie.
  if (found.count > found.items.size()) return fail(), std::nullopt;
  return found;
}

Reader Reader::items(std::uint32_t& count) noexcept {
  const auto found = compound(true, true);
  count = found ? found->count : 0;
  Reader inside(found ? found->items : Bytes());
  if (!found) inside.fail();
  return inside;
}

std::optional<bool> Reader::boolean() noexcept {
  const auto encoded = value();
  if (encoded.empty()) return std::nullopt;
  switch (code_of(encoded)) {
    case Code::true_: return true;
    case Code::false_: return false;
    case Code::boolean: return encoded[1] != 0;
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> Reader::unsigned_integer() noexcept {
  const auto encoded = value();
  if (encoded.empty()) return std::nullopt;
  switch (code_of(encoded)) {
    case Code::uint0:
    case Code::ulong0: return 0;
    case Code::ubyte:
    case Code::smalluint:
    case Code::smallulong: return encoded[1];
    case Code::ushort: return load(encoded.data() + 1, 2);
    case Code::uint: return load32(encoded.data() + 1);
    case Code::ulong: return load(encoded.data() + 1, 8);
    default: return std::nullopt;
  }
}

std::optional<std::int64_t> Reader::signed_integer() noexcept {
  const Value found = scalar();
  if (const auto* positive = std::get_if<std::uint64_t>(&found)) return static_cast<std::int64_t>(*positive);
  if (const auto* number = std::get_if<std::int64_t>(&found)) return *number;
  if (const auto* at = std::get_if<Timestamp>(&found)) return at->milliseconds;
  return std::nullopt;
}

std::optional<std::string_view> Reader::text() noexcept {
  const auto encoded = value();
  if (encoded.empty()) return std::nullopt;
  switch (code_of(encoded)) {
    case Code::str8:
    case Code::str32:
    case Code::sym8:
    case Code::sym32: return content(encoded);
    default: return std::nullopt;
  }
}

std::optional<std::string_view> Reader::bytes() noexcept {
  Reader binary = *this;
  if (const auto found = text()) return found;
  const Value value = binary.scalar();
  const auto* bytes = std::get_if<Binary>(&value);
  return bytes != nullptr ? std::optional(bytes->bytes) : std::nullopt;
}

}  // namespace bascule::amqp
