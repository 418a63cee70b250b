#include "bascule/broker/message.hpp"

#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

std::vector<std::uint8_t> data_section(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  Writer out(bytes);
  out.section(Section::data);
  out.binary(text);
  return bytes;
}

std::vector<std::uint8_t> joined(std::initializer_list<std::vector<std::uint8_t>> parts) {
  std::vector<std::uint8_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(Message, SplitsHeaderAndDeliveryAnnotationsOffAndForwardsTheRestUntouched) {
  const auto header = encode(Header{.durable = true, .priority = 7, .ttl = 1500});
  const auto annotations = std::vector<std::uint8_t>{0x00, 0x53, 0x71, 0xc1, 1, 0};
  const auto body = data_section("hello");
  const std::vector<std::uint8_t> head(header.view().begin(), header.view().end());
  const auto made = make_message(joined({head, annotations, body}), start);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->durable());
  EXPECT_EQ(made->priority(), 7);
  EXPECT_EQ(made->expires(), at_ms(1500));
  EXPECT_TRUE(std::equal(body.begin(), body.end(), made->body().begin(), made->body().end()));
}

TEST(Message, WithoutHeaderHasTheDefaults) {
  const auto made = make_message(data_section("x"), start);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->durable());
  EXPECT_EQ(made->priority(), 4);
  EXPECT_EQ(made->expires(), Time::max());
}

TEST(Message, ArrivingByteByByteIsTheSame) {
  const auto whole = encode_message({.body = std::string(5000, 'q'), .durable = true});
  MessageBuilder builder;
  for (const std::uint8_t byte : whole) builder.append({&byte, 1});
  EXPECT_EQ(builder.size(), whole.size());
  const auto made = builder.finish(start);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->durable());
  EXPECT_EQ(body_of(*made), std::string(5000, 'q'));
  EXPECT_EQ(builder.size(), 0u);
}

TEST(Message, MalformedFrontIsNone) {
  const auto good = joined({{0x00, 0x53, 0x70, 0xc0, 3, 1, 0x50, 9}, data_section("x")});
  ASSERT_TRUE(make_message(good, start)) << "a field of another type is ignored, not an error";
  EXPECT_FALSE(make_message({}, start));
  for (std::size_t cut = 1; cut < 9; ++cut) EXPECT_FALSE(make_message(Bytes(good).first(cut), start)) << cut;
  EXPECT_FALSE(make_message(std::vector<std::uint8_t>{0x00, 0x53, 0x70, 0x45}, start))
      << "a header alone is no message";
  const std::vector<std::uint8_t> six_fields{0x00, 0x53, 0x70, 0xc0, 7, 6, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40};
  EXPECT_FALSE(make_message(joined({six_fields, data_section("x")}), start));
}

TEST(Message, HeaderRoundTrips) {
  for (const Header& header : {Header{}, Header{.durable = true}, Header{.priority = 9}, Header{.ttl = 4'000'000'000u},
                               Header{.first_acquirer = true},
                               Header{.durable = true, .ttl = 1, .first_acquirer = true, .delivery_count = 300}}) {
    const auto encoded = encode(header);
    const auto decoded = decode_header(encoded.view().subspan(3));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->durable, header.durable);
    EXPECT_EQ(decoded->priority, header.priority);
    EXPECT_EQ(decoded->ttl, header.ttl);
    EXPECT_EQ(decoded->first_acquirer, header.first_acquirer);
    EXPECT_EQ(decoded->delivery_count, header.delivery_count);
  }
}

TEST(Message, ReferencesShareAndFree) {
  MessageRef one = message("shared");
  MessageRef two = one;
  MessageRef three = std::move(one);
  EXPECT_FALSE(one);
  two = {};
  EXPECT_EQ(body_of(*three), "shared");  // AddressSanitizer sees the rest
}

}  // namespace
}  // namespace bascule::broker
