// Numbers, escapes, base64 and names at their edges, against slow and simple references.
#include "bascule/transcode/text.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <random>

#include "bascule/transcode/json_writer.hpp"
#include "bascule/transcode/locate.hpp"
#include "bascule/transcode/names.hpp"
#include "bascule/transcode/number.hpp"

namespace {

using namespace bascule::transcode;

NumberError integer(std::string text, std::int64_t& value) {
  const std::size_t size = text.size();
  text.append(number_padding, '\0');
  const char* p = text.data();
  const NumberError error = parse_integer(p, value);
  return error == NumberError::none && p != text.data() + size ? NumberError::grammar : error;
}

TEST(Number, IntegersOfEveryLength) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const auto expected = static_cast<std::int64_t>(random()) >> (random() % 64);
    std::int64_t value = 0;
    ASSERT_EQ(integer(std::to_string(expected), value), NumberError::none) << expected;
    ASSERT_EQ(value, expected);
  }
  std::int64_t value = 0;
  for (const char* good :
       {"9223372036854775807", "-9223372036854775808", "0", "-0", "12345678", "123456789", "1234567890123456"}) {
    EXPECT_EQ(integer(good, value), NumberError::none) << good;
    EXPECT_EQ(value, std::strtoll(good, nullptr, 10));
  }
  for (const char* big : {"9223372036854775808", "-9223372036854775809", "10000000000000000000", "99999999999999999999",
                          "123456781234567812345678"}) {
    EXPECT_EQ(integer(big, value), NumberError::range) << big;
  }
  for (const char* bad : {"", "-", "+1", "01", "-01", "00", " 1", "1 ", "a", "1a", "--1", "12345678a", "\xb1"}) {
    EXPECT_EQ(integer(bad, value), NumberError::grammar) << bad;
  }
  for (const char* fraction : {"1.0", "1e3", "12345678.5", "1E0"})
    EXPECT_EQ(integer(fraction, value), NumberError::fraction);
}

double read_back(const std::string& text) {
  const std::string padded = text + std::string(number_padding, '\0');
  const char* p = padded.data();
  double value = 0;
  EXPECT_EQ(parse_double(p, value), NumberError::none) << text;
  EXPECT_EQ(p, padded.data() + text.size()) << text;
  return value;
}

std::string written(double value) {
  std::string text;
  JsonWriter out(text);
  out.real(value);
  out.flush();
  return text;
}

TEST(Number, DoublesAreExactBothWays) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 50000; ++i) {
    double value = std::bit_cast<double>(random());
    if (i % 3 == 1) value = static_cast<double>(random() % 100000000) / 1000;
    if (i % 3 == 2) value = static_cast<double>(random() % 1000000) / static_cast<double>(1 + random() % 1000);
    if (!std::isfinite(value)) continue;
    const std::string text = written(value);
    ASSERT_EQ(read_back(text), value) << text;
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    char shortest[40];
    const auto end = std::to_chars(shortest, shortest + 40, value).ptr;
    ASSERT_LE(text.size(), static_cast<std::size_t>(end - shortest) + 6) << text;  // never more digits than needed
  }
  for (const char* text : {"0.1", "1e22", "1e23", "123456789012345678901234567890", "4.9e-324",
                           "1.7976931348623157e308", "0.30000000000000004", "2.2250738585072011e-308",
                           "9007199254740993", "1e-22", "0.000001", "100000000000000000000000e-20", "5e-1"}) {
    EXPECT_EQ(read_back(text), std::strtod(text, nullptr)) << text;
  }
  EXPECT_EQ(written(0.05), "0.05");
  EXPECT_EQ(written(-1.5), "-1.5");
  EXPECT_EQ(written(100), "100");
  EXPECT_EQ(written(1e300), "1e+300");
  EXPECT_EQ(written(0.0), "0");
  EXPECT_EQ(written(-0.0), "-0");
  EXPECT_TRUE(std::signbit(read_back("-0")));
  EXPECT_EQ(read_back("1e-999"), 0.0);
  EXPECT_TRUE(std::signbit(read_back("-1e-999")));
  EXPECT_EQ(read_back("0e999999999999"), 0.0);
  EXPECT_EQ(read_back("0.0000000000000000000000000000000000000000000000001e49"), 1.0);
}

TEST(Text, PlainCopyFindsBackslashesAtEveryPlace) {
  for (std::size_t size = 0; size < 50; ++size) {
    std::string from(size + 32, 'a'), to(size + 32, ' ');
    EXPECT_TRUE(copy_plain(from.data(), size, to.data()));
    EXPECT_EQ(to.substr(0, size), from.substr(0, size));
    for (std::size_t at = 0; at < size + 16; ++at) {
      from[at] = '\\';
      EXPECT_EQ(copy_plain(from.data(), size, to.data()), at >= size) << size << ' ' << at;
      from[at] = 'a';
    }
  }
}

TEST(Text, StringsAreEscapedAtEveryPlace) {
  for (std::size_t size = 0; size < 90; ++size) {
    for (std::size_t at = 0; at < size; at += 7) {
      std::string text(size, 'a'), json;
      text[at] = '\n';
      JsonWriter out(json);
      ASSERT_TRUE(out.string(text, text.size()));
      out.flush();
      EXPECT_EQ(json, '"' + text.substr(0, at) + "\\n" + text.substr(at + 1) + '"');
    }
  }
}

TEST(Text, Base64BothWays) {
  std::mt19937 random(5);
  for (std::size_t size = 0; size < 40; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    std::string text(base64_size(size), ' '), back(base64_decoded_bound(text.size()), ' ');
    EXPECT_EQ(encode_base64(bytes, text.data()), text.data() + text.size());
    for (const bool padded : {true, false}) {
      if (!padded) text.erase(std::min(text.find('='), text.size()));
      const char* end = decode_base64(text, back.data());
      ASSERT_TRUE(end) << text;
      EXPECT_EQ(back.substr(0, static_cast<std::size_t>(end - back.data())), bytes);
    }
  }
}

TEST(Names, EveryNameIsFoundAndNoOther) {
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("f" + std::to_string(i));
  names.push_back("");
  names.push_back("abcdefghX12345678");  // the same head and tail as the next
  names.push_back("abcdefghY12345678");
  Names table;
  table.build({names.begin(), names.end()});
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.find(names[i]), i);
  for (const char* other : {"f300", "F1", "f", "f1 ", "abcdefghZ12345678"}) EXPECT_EQ(table.find(other), Names::none);
  EXPECT_EQ(Names().find("x"), Names::none);
}

TEST(Locate, PointersOfOffsets) {
  const std::string json = R"({"a":[1,{"b~/":"x,]}"}],"c":{}})";
  const auto at = [&](std::string_view part) { return pointer_at(json, json.find(part)); };
  EXPECT_EQ(at("{"), "");
  EXPECT_EQ(at("\"a\""), "/a");
  EXPECT_EQ(at("["), "/a");
  EXPECT_EQ(at("1"), "/a/0");
  EXPECT_EQ(at("\"b~"), "/a/1/b~0~1");
  EXPECT_EQ(at("x,]"), "/a/1/b~0~1");
  EXPECT_EQ(at("\"c\""), "/c");
  EXPECT_EQ(pointer_at(json, 1000), "");
  EXPECT_EQ(pointer_at("", 0), "");
}

}  // namespace
