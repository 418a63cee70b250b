#include "bascule/amqp/writer.hpp"

#include <bit>

namespace bascule::amqp {

template <class Out>
void BasicWriter<Out>::big_endian(std::uint64_t value, int bytes) {
  Byte buffer[8];
  for (int i = bytes - 1; i >= 0; --i, value >>= 8) buffer[i] = static_cast<Byte>(value);
  out_.insert(out_.end(), buffer, buffer + bytes);
}

template <class Out>
void BasicWriter<Out>::ubyte(std::uint8_t value) {
  put(Code::ubyte);
  big_endian(value, 1);
}

template <class Out>
void BasicWriter<Out>::uint(std::uint32_t value) {
  if (value == 0) return put(Code::uint0);
  put(value < 256 ? Code::smalluint : Code::uint);
  big_endian(value, value < 256 ? 1 : 4);
}

template <class Out>
void BasicWriter<Out>::int_(std::int32_t value) {
  const bool small = value >= -128 && value <= 127;
  put(small ? Code::smallint : Code::int_);
  big_endian(static_cast<std::uint32_t>(value), small ? 1 : 4);
}

template <class Out>
void BasicWriter<Out>::ulong(std::uint64_t value) {
  if (value == 0) return put(Code::ulong0);
  put(value < 256 ? Code::smallulong : Code::ulong);
  big_endian(value, value < 256 ? 1 : 8);
}

template <class Out>
void BasicWriter<Out>::long_(std::int64_t value) {
  const bool small = value >= -128 && value <= 127;
  put(small ? Code::smalllong : Code::long_);
  big_endian(static_cast<std::uint64_t>(value), small ? 1 : 8);
}

template <class Out>
void BasicWriter<Out>::double_(double value) {
  put(Code::double_);
  big_endian(std::bit_cast<std::uint64_t>(value), 8);
}

template <class Out>
void BasicWriter<Out>::timestamp(std::int64_t milliseconds) {
  put(Code::timestamp);
  big_endian(static_cast<std::uint64_t>(milliseconds), 8);
}

template <class Out>
void BasicWriter<Out>::variable(Code small, Code large, std::string_view bytes) {
  const bool fits = bytes.size() < 256;
  put(fits ? small : large);
  big_endian(bytes.size(), fits ? 1 : 4);
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
  put(Code::described);
  put(Code::smallulong);
  big_endian(code, 1);
}

template <class Out>
void BasicWriter<Out>::compound(Code small, Code large, std::uint32_t count, Bytes items) {
  // The size covers the count field.
  const bool fits = items.size() + 1 < 256 && count < 256;
  const int width = fits ? 1 : 4;
  put(fits ? small : large);
  big_endian(items.size() + static_cast<std::size_t>(width), width);
  big_endian(count, width);
  raw(items);
}

template <class Out>
std::size_t BasicWriter<Out>::begin(Code code) {
  const auto mark = out_.size();
  put(code);
  big_endian(0, 8);
  return mark;
}

template <class Out>
void BasicWriter<Out>::end(std::size_t mark, std::uint32_t count) {
  const auto size = static_cast<std::uint32_t>(out_.size() - mark - 5);
  for (std::size_t i = 0; i < 4; ++i) {
    out_[mark + 1 + i] = static_cast<Byte>(size >> (24 - 8 * i));
    out_[mark + 5 + i] = static_cast<Byte>(count >> (24 - 8 * i));
  }
}

template class BasicWriter<std::string>;
template class BasicWriter<std::vector<std::uint8_t>>;

}  // namespace bascule::amqp
