// Messages as JSON: every type, what has no word in JSON, and bytes that are no message.
#include "bascule/admin/value_json.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>

#include "bascule/amqp/writer.hpp"

namespace bascule::admin {
namespace {

using amqp::Bytes;
using Buffer = std::vector<std::uint8_t>;
using Out = amqp::BasicWriter<Buffer>;
using telemetry::JsonText;

std::string value_of(const Buffer& encoded) {
  JsonText json;
  amqp::Reader reader{Bytes(encoded)};
  write_value(json, reader);
  return json.take();
}

std::string message_of(const Buffer& encoded, std::uint64_t elsewhere = 0) {
  JsonText json;
  json.open('{');
  write_message(json, encoded, elsewhere);
  return json.close('}').take();
}

bool is_json(const std::string& text) {
  simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

TEST(AdminValueJson, EveryType) {
  const std::pair<Buffer, const char*> cases[] = {
      {{0x40}, "null"},
      {{0x41}, "true"},
      {{0x56, 0}, "false"},
      {{0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "18446744073709551615"},
      {{0x55, 0x80}, "-128"},
      {{0x82, 0x40, 4, 0, 0, 0, 0, 0, 0}, "2.5"},
      {{0x82, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0}, "null"},
      {{0x83, 0, 0, 0, 0, 0, 0, 0x03, 0xe8}, "\"1970-01-01T00:00:01.000Z\""},
      {{0xa1, 2, 'a', '"'}, "\"a\\\"\""},
      {{0xa3, 1, 's'}, "\"s\""},
      {{0xa0, 2, 0xff, 0}, "\"/wA=\""},
      {{0x98, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, "\"00010203-0405-0607-0809-0a0b0c0d0e0f\""},
      {{0x74, 1, 2, 3, 4}, "{\"amqp\":\"dAECAwQ=\"}"},
      {{0xe0, 4, 2, 0x50, 1, 2}, "{\"amqp\":\"4AQCUAEC\"}"},
      {{0x45}, "[]"},
      {{0xc0, 3, 2, 0x41, 0x42}, "[true,false]"},
      {{0xc1, 6, 2, 0xa1, 1, 'k', 0x41, 0}, "{\"k\":true}"},
      {{0xc1, 4, 2, 0x52, 7, 0x41}, "{\"7\":true}"},
      {{0x00, 0x53, 0x99, 0x41}, "true"},
  };
  for (const auto& [encoded, json] : cases) EXPECT_EQ(value_of(encoded), json);
}

TEST(AdminValueJson, DeepNestingHasAnEnd) {
  Buffer nested{0x41};
  for (int i = 0; i < 200; ++i) {
    Buffer outer;
    Out(outer).list(1, nested);
    nested = std::move(outer);
  }
  const auto json = value_of(nested);
  EXPECT_TRUE(is_json(json));
  EXPECT_NE(json.find("\"amqp\""), std::string::npos);
}

Buffer message(const std::string& body) {
  Buffer bytes, items;
  Out out(bytes), item(items);
  item.string("id-1"), item.binary("alice"), item.string("orders");
  out.section(amqp::Section::properties);
  out.list(3, items);
  out.section(amqp::Section::data);
  out.binary(body);
  return bytes;
}

TEST(AdminValueJson, AMessage) {
  EXPECT_EQ(message_of(message("hi")),
            "{\"properties\":{\"message_id\":\"id-1\",\"user_id\":\"alice\",\"to\":\"orders\"},\"annotations\":{},"
            "\"application_properties\":{},\"body\":\"hi\",\"body_encoding\":\"utf-8\",\"body_bytes\":2}");
  EXPECT_NE(message_of(message("\xff")).find("\"body\":\"/w==\",\"body_encoding\":\"base64\""), std::string::npos);
  const auto large = message_of(message(std::string(20'000, 'x')));
  EXPECT_NE(large.find("\"body_bytes\":20000,\"body_truncated\":true"), std::string::npos);
  EXPECT_LT(large.size(), shown_body + 500);
  EXPECT_NE(message_of(message("x"), 1000).find("\"body_bytes\":1001,\"body_truncated\":true"), std::string::npos);
}

TEST(AdminValueJson, WhateverTheBytesItIsJson) {
  std::mt19937 random(7);
  Buffer good = message("some text");
  for (int i = 0; i < 20'000; ++i) {
    Buffer bytes = good;
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    bytes.resize(random() % (bytes.size() + 1));
    ASSERT_TRUE(is_json(message_of(bytes, random() % 2))) << i;
  }
}

}  // namespace
}  // namespace bascule::admin
