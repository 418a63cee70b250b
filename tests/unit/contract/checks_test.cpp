// The vt.* checks as the service sees them: the field's path and the rule in the error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "bascule/contract/checks.hpp"
#include "every/every_type.checks.hpp"
#include "every/every_type.client.hpp"
#include "unit/contract/every_service.hpp"
#include "unit/contract/loopback.hpp"

namespace bascule::test {
namespace {

every::Checked good() {
  every::Checked value;
  value.count = 1;
  value.__set_given(0);
  return value;
}

struct Case {
  const char* name;
  std::function<void(every::Checked&)> spoil;
  const char* message;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Checks : public testing::TestWithParam<Case> {};

TEST_P(Checks, NameTheFieldAndTheRule) {
  EveryService service;
  loopback() = {.service = &service};
  every::EveryClient every(client());
  auto value = good();
  GetParam().spoil(value);
  try {
    run(every.checked(value));
    FAIL() << "accepted";
  } catch (const Error& wrong) {
    EXPECT_EQ(wrong.code(), Errc::invalid_argument);
    EXPECT_STREQ(wrong.what(), GetParam().message);
  }
}

const Case cases[] = {
    {"gt", [](auto& v) { v.count = 0; }, "value.count must be greater than 0"},
    {"le", [](auto& v) { v.count = 11; }, "value.count must be at most 10"},
    {"min_size", [](auto& v) { v.__set_name("a"); }, "value.name must have at least 2 characters"},
    {"max_size", [](auto& v) { v.__set_name("aüüüüü"); }, "value.name must have at most 5 characters"},
    {"prefix", [](auto& v) { v.__set_name("bc"); }, "value.name must begin with \"a\""},
    {"not_contains", [](auto& v) { v.__set_name("az"); }, "value.name must not contain \"z\""},
    {"typedef_pattern", [](auto& v) { v.emails = {"a@b", "nobody"}; }, "value.emails[1] must match ^[^@ ]+@[^@ ]+$"},
    {"container_size", [](auto& v) { v.emails = {"a@b", "a@b", "a@b", "a@b"}; },
     "value.emails must have at most 3 elements"},
    {"key", [](auto& v) { v.stock = {{"", 1}}; }, "value.stock[0] must have at least 1 characters"},
    {"value", [](auto& v) { v.stock = {{"k", -1}}; }, "value.stock[0] must be at least 0"},
    {"double", [](auto& v) { v.__set_ratio(1.0); }, "value.ratio must be less than 1.0"},
    {"nan", [](auto& v) { v.__set_ratio(std::numeric_limits<double>::quiet_NaN()); },
     "value.ratio must be at least 0.0"},
    {"nested",
     [](auto& v) {
       v.lines.resize(2);
       v.lines[0].quantity = 1;
     },
     "value.lines[1].quantity must be at least 1"},
    {"in", [](auto& v) { v.__set_kind("huge"); }, "value.kind must be one of \"small\", \"large\""},
    {"const", [](auto& v) { v.__set_agreed(false); }, "value.agreed must be true"},
    {"bytes", [](auto& v) { v.__set_raw("12345"); }, "value.raw must have at most 4 bytes"},
    {"not_nil", [](auto& v) { v.__isset.given = false; }, "value.given must be given"},
    {"enum", [](auto& v) { v.colour = static_cast<every_common::Colour::type>(3); },
     "value.colour must be a value of every.common.Colour"},
};
INSTANTIATE_TEST_SUITE_P(All, Checks, testing::ValuesIn(cases), [](const auto& info) { return info.param.name; });

TEST(ChecksOfAMethod, GoodValuesPass) {
  EveryService service;
  loopback() = {.service = &service};
  every::EveryClient every(client());
  auto value = good();
  value.__set_name("aüüüü");
  value.emails = {"a@b"};
  value.stock = {{"k", 0}};
  EXPECT_EQ(run(every.checked(value)), value);
}

TEST(ChecksOfAMethod, ArgumentsAreCheckedToo) {
  EveryService service;
  loopback() = {.service = &service};
  every::EveryClient every(client());
  try {
    run(every.join(false, 0, 0, 0, 0, 0, "", "", every_common::Colour::RED, {}, {}, 101));
    FAIL() << "accepted";
  } catch (const Error& wrong) {
    EXPECT_STREQ(wrong.what(), "limit must be at most 100");
  }
}

}  // namespace
}  // namespace bascule::test
