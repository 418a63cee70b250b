// The platform's own contracts say what the code does.
#include <gtest/gtest.h>

#include <algorithm>

#include "bascule/loop/error.hpp"
#include "bascule/platform/errors_types.h"

namespace bascule::test {
namespace {

TEST(PlatformContract, NamesEveryErrorThatTravels) {
  const auto& names = platform::_ErrorCode_VALUES_TO_NAMES;
  for (int code = static_cast<int>(Errc::ok) + 1; code < static_cast<int>(Errc::cancelled); ++code) {
    ASSERT_TRUE(names.contains(code)) << code;
    std::string name = names.at(code);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_EQ(name, to_string(static_cast<Errc>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Errc::cancelled) - 1);
}

}  // namespace
}  // namespace bascule::test
