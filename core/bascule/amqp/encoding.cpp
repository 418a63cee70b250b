#include "bascule/amqp/encoding.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace bascule::amqp {
namespace {

std::uint64_t load(const char* at, int bytes) noexcept {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

// Part 1, section 1.2: the high nibble of a format code is its category, which gives the width.
constexpr std::array<std::int8_t, 16> fixed_width{-1, -1, -1, -1, 0, 1, 2, 4, 8, 16, -2, -3, -2, -3, -2, -3};
constexpr int bad = -1, size8 = -2, size32 = -3;

// Bytes that follow a format code, its size field included; nullopt when they do not fit into `left`.
std::optional<std::size_t> body_size(unsigned char code, const char* body, std::size_t left) noexcept {
  const int width = fixed_width[code >> 4];
  if (width == bad) return std::nullopt;
  std::size_t size = static_cast<std::size_t>(width);
  if (width == size8) {
    if (left < 1) return std::nullopt;
    size = 1 + load(body, 1);
  } else if (width == size32) {
    if (left < 4) return std::nullopt;
    size = 4 + load(body, 4);
  }
  return size <= left ? std::optional(size) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> Reader::descriptor() noexcept {
  if (left() < 3 || at_[0] != 0) return fail(), std::nullopt;
  const auto code = static_cast<Code>(static_cast<unsigned char>(at_[1]));
  if (code == Code::smallulong) {
    const auto value = static_cast<unsigned char>(at_[2]);
    at_ += 3;
    return value;
  }
  if (code == Code::ulong && left() >= 10) {
    const auto value = load(at_ + 2, 8);
    at_ += 10;
    return value;
  }
  return fail(), std::nullopt;
}

std::string_view Reader::raw() noexcept {
  const char* const begin = at_;
  // A described value is 0x00, a descriptor, a value; a descriptor may be described in turn, so this counts instead of
  // recursing. Sixteen is far beyond anything real.
  for (int pending = 1, described = 0; pending > 0; --pending) {
    if (left() == 0) return fail(), std::string_view();
    const auto code = static_cast<unsigned char>(*at_++);
    if (code == 0) {
      if (++described > 16) return fail(), std::string_view();
      pending += 2;
      continue;
    }
    const auto size = body_size(code, at_, left());
    if (!size) return fail(), std::string_view();
    at_ += *size;
  }
  return {begin, static_cast<std::size_t>(at_ - begin)};
}

Value Reader::value() noexcept {
  const auto bytes = raw();
  if (bytes.empty()) return {};
  const char* body = bytes.data() + 1;
  const auto text8 = [&] { return bytes.substr(2); };
  const auto text32 = [&] { return bytes.substr(5); };
  switch (static_cast<Code>(static_cast<unsigned char>(bytes[0]))) {
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
    case Code::str8: return text8();
    case Code::str32: return text32();
    case Code::sym8: return Symbol{text8()};
    case Code::sym32: return Symbol{text32()};
    case Code::vbin8: return Binary{text8()};
    case Code::vbin32: return Binary{text32()};
    default: return {};
  }
}

std::optional<Reader::Compound> Reader::compound(Code small, Code large, bool zero) noexcept {
  const auto bytes = raw();
  if (bytes.empty()) return std::nullopt;
  const auto code = static_cast<Code>(static_cast<unsigned char>(bytes[0]));
  if (code == Code::null || (zero && code == Code::list0)) return Compound{};
  const int width = code == small ? 1 : code == large ? 4 : 0;
  // The size field covers the count field, so both must be there.
  if (width == 0 || bytes.size() < static_cast<std::size_t>(1 + 2 * width)) return fail(), std::nullopt;
  Compound compound{bytes.substr(static_cast<std::size_t>(1 + 2 * width)),
                    static_cast<std::uint32_t>(load(bytes.data() + 1 + width, width))};
  // Every item takes a byte at least: a larger count is a lie.
  if (compound.count > compound.items.size()) return fail(), std::nullopt;
  return compound;
}

std::optional<std::string_view> Reader::text() noexcept {
  const Value v = value();
  if (const auto* string = std::get_if<std::string_view>(&v)) return *string;
  if (const auto* symbol = std::get_if<Symbol>(&v)) return symbol->text;
  if (const auto* binary = std::get_if<Binary>(&v)) return binary->bytes;
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::unsigned_integer() noexcept {
  const Value v = value();
  const auto* number = std::get_if<std::uint64_t>(&v);
  return number != nullptr ? std::optional(*number) : std::nullopt;
}

std::optional<bool> Reader::boolean() noexcept {
  const Value v = value();
  const auto* flag = std::get_if<bool>(&v);
  return flag != nullptr ? std::optional(*flag) : std::nullopt;
}

bool within_limits(std::string_view bytes, std::uint32_t max_nodes, std::uint32_t max_depth) noexcept {
  constexpr std::uint32_t deepest = 64;
  struct Level {
    const char* end;
    unsigned char element;  // 0: each item has a constructor of its own; otherwise the array's
    std::uint32_t count;    // items left
  };
  std::array<Level, deepest> stack;
  std::uint32_t depth = 0, nodes = 0;
  if (max_depth >= deepest) max_depth = deepest - 1;
  const char* at = bytes.data();
  stack[0] = {at + bytes.size(), 0, UINT32_MAX};
  while (true) {
    Level& level = stack[depth];
    if (level.count == 0 || (depth == 0 && at == level.end)) {
      if (at != level.end) return false;
      if (depth == 0) return true;
      --depth;
      continue;
    }
    if (depth != 0) --level.count;
    if (++nodes > max_nodes) return false;
    const char* const end = level.end;
    unsigned char code = level.element;
    if (code == 0) {
      // Descriptors are values of their own: 0x00 only says that two more follow.
      if (at == end) return false;
      code = static_cast<unsigned char>(*at++);
      if (code == 0) {
        if (depth != 0) {
          if (level.count > UINT32_MAX - 2) return false;
          level.count += 2;
        }
        continue;
      }
    }
    const auto left = static_cast<std::size_t>(end - at);
    const auto size = body_size(code, at, left);
    if (!size) return false;
    const bool array = code == 0xe0 || code == 0xf0;
    const bool compound = code == 0xc0 || code == 0xc1 || code == 0xd0 || code == 0xd1;
    if (!array && !compound) {
      at += *size;
      continue;
    }
    const std::size_t width = code == 0xc0 || code == 0xc1 || code == 0xe0 ? 1 : 4;
    if (*size < 2 * width || ++depth > max_depth) return false;
    Level inner{at + *size, 0, static_cast<std::uint32_t>(load(at + width, static_cast<int>(width)))};
    at += 2 * width;
    if (array) {
      if (at == inner.end) return false;
      inner.element = static_cast<unsigned char>(*at++);
      // An array of described elements carries its descriptor once; nothing we speak uses one.
      if (inner.element == 0 || inner.count > max_nodes) return false;
    } else if (code == 0xc1 || code == 0xd1) {
      if (inner.count % 2 != 0) return false;
    }
    stack[depth] = inner;
  }
}

void Writer::big_endian(std::uint64_t value, int bytes) {
  char buffer[8];
  for (int i = bytes - 1; i >= 0; --i, value >>= 8) buffer[i] = static_cast<char>(value);
  out_.append(buffer, static_cast<std::size_t>(bytes));
}

void Writer::ubyte(std::uint8_t value) {
  put(Code::ubyte);
  big_endian(value, 1);
}

void Writer::uint(std::uint32_t value) {
  if (value == 0) return put(Code::uint0);
  put(value < 256 ? Code::smalluint : Code::uint);
  big_endian(value, value < 256 ? 1 : 4);
}

void Writer::ulong(std::uint64_t value) {
  if (value == 0) return put(Code::ulong0);
  put(value < 256 ? Code::smallulong : Code::ulong);
  big_endian(value, value < 256 ? 1 : 8);
}

void Writer::slong(std::int64_t value) {
  const bool small = value >= -128 && value <= 127;
  put(small ? Code::smalllong : Code::long_);
  big_endian(static_cast<std::uint64_t>(value), small ? 1 : 8);
}

void Writer::double_(double value) {
  put(Code::double_);
  big_endian(std::bit_cast<std::uint64_t>(value), 8);
}

void Writer::timestamp(std::int64_t milliseconds) {
  put(Code::timestamp);
  big_endian(static_cast<std::uint64_t>(milliseconds), 8);
}

void Writer::variable(Code small, Code large, std::string_view bytes) {
  const bool fits = bytes.size() < 256;
  put(fits ? small : large);
  big_endian(bytes.size(), fits ? 1 : 4);
  out_.append(bytes);
}

void Writer::value(const Value& value) {
  struct Visitor {
    Writer& w;
    void operator()(std::monostate) { w.null(); }
    void operator()(bool v) { w.boolean(v); }
    void operator()(std::uint64_t v) { w.ulong(v); }
    void operator()(std::int64_t v) { w.slong(v); }
    void operator()(double v) { w.double_(v); }
    void operator()(std::string_view v) { w.string(v); }
    void operator()(Symbol v) { w.symbol(v.text); }
    void operator()(Binary v) { w.binary(v.bytes); }
    void operator()(Timestamp v) { w.timestamp(v.milliseconds); }
  };
  std::visit(Visitor{*this}, value);
}

void Writer::descriptor(std::uint8_t code) {
  const char bytes[3] = {0, static_cast<char>(Code::smallulong), static_cast<char>(code)};
  out_.append(bytes, 3);
}

std::size_t Writer::begin(Code code) {
  const auto mark = out_.size();
  put(code);
  out_.append(8, '\0');
  return mark;
}

void Writer::end(std::size_t mark, std::uint32_t count) {
  // The size covers the count field.
  const auto size = static_cast<std::uint32_t>(out_.size() - mark - 5);
  for (int i = 0; i < 4; ++i) {
    out_[mark + 1 + static_cast<std::size_t>(i)] = static_cast<char>(size >> (24 - 8 * i));
    out_[mark + 5 + static_cast<std::size_t>(i)] = static_cast<char>(count >> (24 - 8 * i));
  }
}

}  // namespace bascule::amqp
