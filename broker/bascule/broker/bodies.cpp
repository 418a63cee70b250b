#include "bascule/broker/bodies.hpp"

#include "bascule/broker/crc32c.hpp"
#include "bascule/broker/journal_format.hpp"

namespace bascule::broker {

void put_body_block(std::vector<std::uint8_t>& out, Bytes bytes) {
  std::vector<std::uint8_t> length;
  journal::put_number(length, bytes.size(), 4);
  journal::put_number(out, crc32c(bytes, crc32c(length)), 4);
  out.insert(out.end(), length.begin(), length.end());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Bytes take_body_block(Bytes& bytes) noexcept {
  if (bytes.size() < body_block_header) return {};
  journal::FieldReader header(bytes.first(body_block_header));
  const auto crc = static_cast<std::uint32_t>(header.number(4));
  const std::uint64_t length = header.number(4);
  if (length == 0 || length > bytes.size() - body_block_header) return {};
  const Bytes block = bytes.subspan(body_block_header, length);
  if (crc32c(block, crc32c(bytes.subspan(4, 4))) != crc) return {};
  bytes = bytes.subspan(body_block_header + length);
  return block;
}

}  // namespace bascule::broker
