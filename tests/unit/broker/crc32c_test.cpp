#include "bascule/broker/crc32c.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

namespace bascule::broker {
namespace {

Bytes bytes(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(bytes(std::string(32, '\0'))), 0x8a9136aaU);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, InstructionAndTableAgreeAtEveryLengthAndInParts) {
  std::vector<std::uint8_t> data(300);
  std::iota(data.begin(), data.end(), std::uint8_t{1});
  for (std::size_t n = 0; n <= data.size(); ++n) {
    const Bytes part = Bytes(data).first(n);
    ASSERT_EQ(crc32c(part), crc32c_portable(part)) << n;
    ASSERT_EQ(crc32c(part.subspan(n / 3), crc32c(part.first(n / 3))), crc32c(part)) << n;
  }
}

}  // namespace
}  // namespace bascule::broker
