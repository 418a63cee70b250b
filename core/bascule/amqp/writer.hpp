// Writer appends encoded AMQP values to a string or to a vector of bytes.
//
// Lifetime: the container outlives it; several writers may append to one in turn. Thread safety: values.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bascule/amqp/encoding.hpp"

namespace bascule::amqp {

template <class Out>
class BasicWriter {
 public:
  explicit BasicWriter(Out& out) noexcept : out_(out) {}

  void null() { put(Code::null); }
  void boolean(bool value) { put(value ? Code::true_ : Code::false_); }
  void ubyte(std::uint8_t value);
  void uint(std::uint32_t value);
  void int_(std::int32_t value);
  void ulong(std::uint64_t value);
  void long_(std::int64_t value);
  void double_(double value);
  void timestamp(std::int64_t milliseconds);
  void string(std::string_view text) { variable(Code::str8, Code::str32, text); }
  void symbol(std::string_view text) { variable(Code::sym8, Code::sym32, text); }
  void binary(std::string_view bytes) { variable(Code::vbin8, Code::vbin32, bytes); }
  void value(const Value& value);
  /// An already encoded value.
  void raw(std::string_view encoded) { append(encoded.data(), encoded.size()); }
  void raw(Bytes encoded) { raw(as_text(encoded)); }
  /// 0x00 0x53 code: a value with this descriptor follows.
  void descriptor(std::uint8_t code);
  void section(Section section) { descriptor(static_cast<std::uint8_t>(section)); }

  /// A list or map whose items are already encoded, in its smallest form. A map counts keys and values.
  void list(std::uint32_t count, Bytes items) { compound(Code::list8, Code::list32, count, items); }
  void map(std::uint32_t count, Bytes items) { compound(Code::map8, Code::map32, count, items); }
  /// A list or map of unknown size: begin, write the items, end with their number. Always the 32-bit form.
  std::size_t begin_list() { return begin(Code::list32); }
  std::size_t begin_map() { return begin(Code::map32); }
  void end(std::size_t mark, std::uint32_t count);

 private:
  using Byte = typename Out::value_type;
  void append(const char* bytes, std::size_t size) {
    if constexpr (requires { out_.append(bytes, size); }) {
      out_.append(bytes, size);
    } else {
      const auto* const begin = reinterpret_cast<const Byte*>(bytes);
      out_.insert(out_.end(), begin, begin + size);
    }
  }
  void put(Code code) { out_.push_back(static_cast<Byte>(code)); }
  /// A format code and the `bytes` that follow it.
  void put(Code code, std::uint64_t value, int bytes);
  void variable(Code small, Code large, std::string_view bytes);
  void compound(Code small, Code large, std::uint32_t count, Bytes items);
  std::size_t begin(Code code);

  Out& out_;
};

extern template class BasicWriter<std::string>;
extern template class BasicWriter<std::vector<std::uint8_t>>;

using Writer = BasicWriter<std::string>;

}  // namespace bascule::amqp
