#include "bascule/thrift/cursor.hpp"

namespace bascule::thrift {

std::uint64_t Cursor::varint_slow() noexcept {
  std::uint64_t value = 0;
  const char* at = cur_;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (at == end_) {
      fail(Fault::truncated);
      return 0;
    }
    const auto group = static_cast<std::uint8_t>(*at++);
    if (shift == 63 && group > 1) break;  // the tenth byte holds one bit
    value |= static_cast<std::uint64_t>(group & 0x7f) << shift;
    if (group < 0x80) {
      cur_ = at;
      return value;
    }
  }
  fail(Fault::varint);
  return 0;
}

}  // namespace bascule::thrift
