#include "bascule/amqp/writer.hpp"

#include <bit>
#include <cstring>

namespace bascule::amqp {

// In one piece: to append costs more than to put the piece together.
template <class Out>
void BasicWriter<Out>::put(Code code, std::uint64_t value, int bytes) {
  char piece[9];
  piece[0] = static_cast<char>(code);
  for (int i = bytes; i > 0; --i, value >>= 8) piece[i] = static_cast<char>(value);
  append(piece, static_cast<std::size_t>(bytes) + 1);
}

template <class Out>
void BasicWriter<Out>::ubyte(std::uint8_t value) {
  put(Code::ubyte, value, 1);
}

template <class Out>
void BasicWriter<Out>::uint(std::uint32_t value) {
  if (value == 0) return put(Code::uint0);
  value < 256 ? put(Code::smalluint, value, 1) : put(Code::uint, value, 4);
}

template <class Out>
void BasicWriter<Out>::int_(std::int32_t value) {
  const bool small = value >= -128 && value <= 127;
  put(small ? Code::smallint : Code::int_, static_cast<std::uint32_t>(value), small ? 1 : 4);
}

template <class Out>
void BasicWriter<Out>::ulong(std::uint64_t value) {
  if (value == 0) return put(Code::ulong0);
  value < 256 ? put(Code::smallulong, value, 1) : put(Code::ulong, value, 8);
}

template <class Out>
void BasicWriter<Out>::long_(std::int64_t value) {
  const bool small = value >= -128 && value <= 127;
  put(small ? Code::smalllong : Code::long_, static_cast<std::uint64_t>(value), small ? 1 : 8);
}

template <class Out>
void BasicWriter<Out>::double_(double value) {
  put(Code::double_, std::bit_cast<std::uint64_t>(value), 8);
}

template <class Out>
void BasicWriter<Out>::timestamp(std::int64_t milliseconds) {
  put(Code::timestamp, static_cast<std::uint64_t>(milliseconds), 8);
}

template <class Out>
void BasicWriter<Out>::variable(Code small, Code large, std::string_view bytes) {
  bytes.size() < 256 ? put(small, bytes.size(), 1) : put(large, bytes.size(), 4);
  raw(bytes);
}

template <class Out>
void BasicWriter<Out>::value(const Value& value) {
  struct Visitor {
    BasicWriter& w;
    void operator()(std::monostate) { w.null(); }
    void operator()(bool v) { w.boolean(v); }
    void operator()(std::uint64_t v) { w.ulong(v); }
    void operator()(std::int64_t v) { w.long_(v); }
    void operator()(double v) { w.double_(v); }
    void operator()(std::string_view v) { w.string(v); }
    void operator()(Symbol v) { w.symbol(v.text); }
    void operator()(Binary v) { w.binary(v.bytes); }
    void operator()(Timestamp v) { w.timestamp(v.milliseconds); }
  };
  std::visit(Visitor{*this}, value);
}

template <class Out>
void BasicWriter<Out>::descriptor(std::uint8_t code) {
  const char piece[] = {0, static_cast<char>(Code::smallulong), static_cast<char>(code)};
  append(piece, sizeof piece);
}

template <class Out>
void BasicWriter<Out>::compound(Code small, Code large, std::uint32_t count, Bytes items) {
  // The size covers the count field.
  const bool fits = items.size() + 1 < 256 && count < 256;
  const int width = fits ? 1 : 4;
  const auto size = items.size() + static_cast<std::size_t>(width);
  put(fits ? small : large, size << (8 * width) | count, 2 * width);
  raw(items);
}

template <class Out>
std::size_t BasicWriter<Out>::begin(Code code) {
  const auto mark = out_.size();
  put(code, 0, 8);
  return mark;
}

template <class Out>
void BasicWriter<Out>::end(std::size_t mark, std::uint32_t count) {
  const std::uint64_t size = out_.size() - mark - 5;
  char piece[8];
  for (int i = 7; i >= 0; --i) piece[7 - i] = static_cast<char>((size << 32 | count) >> (8 * i));
  std::memcpy(out_.data() + mark + 1, piece, sizeof piece);
}

template class BasicWriter<std::string>;
template class BasicWriter<std::vector<std::uint8_t>>;

}  // namespace bascule::amqp
