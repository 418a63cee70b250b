// CRC-32C (Castagnoli), by the processor's instruction where there is one.
#pragma once

#include <cstdint>

#include "bascule/broker/wire.hpp"

namespace bascule::broker {

/// Continues `crc` (0 to begin) over `bytes`.
std::uint32_t crc32c(Bytes bytes, std::uint32_t crc = 0) noexcept;
/// The same without the instruction; for the test that compares them.
std::uint32_t crc32c_portable(Bytes bytes, std::uint32_t crc = 0) noexcept;

}  // namespace bascule::broker
