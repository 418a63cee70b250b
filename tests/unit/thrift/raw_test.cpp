// The raw layer on its own: numbers, limits, faults.
#include <gtest/gtest.h>

#include <random>

#include "bascule/thrift/binary.hpp"
#include "bascule/thrift/compact.hpp"

namespace {

using namespace bascule::thrift;

std::string varint_bytes(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

void expect_round_trip(std::uint64_t value) {
  std::string bytes;
  Sink sink(bytes);
  sink.varint(value);
  sink.flush();
  EXPECT_EQ(bytes, varint_bytes(value)) << value;
  for (const char* tail : {"", "\x81\x82\x83\x84\x85\x86\x87\x88"}) {  // both the slow and the fast path
    const std::string padded = bytes + tail;
    CompactReader in(padded);
    EXPECT_EQ(in.varint(), value);
    EXPECT_EQ(in.offset(), bytes.size());
  }
}

TEST(Varint, EveryLength) {
  for (unsigned bits = 0; bits < 64; ++bits) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    for (const std::uint64_t value : {power - 1, power, power + 1, ~power}) expect_round_trip(value);
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) expect_round_trip(random() >> (random() % 64));
}

TEST(Varint, OverTenBytesIsAFault) {
  for (const auto& bytes :
       {std::string(9, '\xff') + '\x02', std::string(10, '\x80') + '\x01', std::string(12, '\xff')}) {
    CompactReader in(bytes);
    EXPECT_EQ(in.varint(), 0u);
    EXPECT_EQ(in.fault(), Fault::varint);
  }
}

TEST(Compact, IntegersMustFit) {
  const std::string bytes = varint_bytes(Sink::zigzag(32768)) + varint_bytes(Sink::zigzag(std::int64_t{1} << 31));
  CompactReader small(bytes);
  small.i16();
  EXPECT_EQ(small.fault(), Fault::range);
  CompactReader medium(bytes);
  medium.i32();
  medium.i32();
  EXPECT_EQ(medium.fault(), Fault::range);
}

TEST(Compact, FieldIdMayNotRunOver) {
  std::string bytes;
  CompactWriter out(bytes);
  out.struct_begin();
  out.field_begin(Type::i8, 32767);
  out.i8(1);
  out.flush();
  bytes += "\x13\x01";  // delta 1 from 32767
  CompactReader in(bytes);
  in.struct_begin();
  EXPECT_EQ(in.field_begin().id, 32767);
  in.i8();
  EXPECT_EQ(in.field_begin().type, Type::stop);
  EXPECT_EQ(in.fault(), Fault::range);
}

template <class Reader>
Fault list_fault(std::string bytes) {
  Reader in(bytes);
  in.list_begin();
  return in.fault();
}
template <class Reader>
Fault map_fault(std::string bytes) {
  Reader in(bytes);
  in.map_begin();
  return in.fault();
}

TEST(Compact, ContainersAreBoundedByTheBytesLeft) {
  for (std::uint8_t code = 1; code <= 13; ++code) {
    const std::string head(1, static_cast<char>(0xf0 | code));
    EXPECT_EQ(list_fault<CompactReader>(head + varint_bytes(0x7fffffff) + "1234"), Fault::size);
    EXPECT_EQ(list_fault<CompactReader>(head + varint_bytes(~0ull) + "1234"), Fault::size);
  }
  EXPECT_EQ(list_fault<CompactReader>("\xf5\x04"
                                      "1234"),
            Fault::none);
  EXPECT_EQ(list_fault<CompactReader>("\xf5\x05"
                                      "1234"),
            Fault::size);
  EXPECT_EQ(list_fault<CompactReader>("\x27"
                                      "12345678"
                                      "1234567"),
            Fault::size);  // two doubles take 16 bytes
  EXPECT_EQ(list_fault<CompactReader>("\x1e"
                                      "1"),
            Fault::type);
  EXPECT_EQ(list_fault<CompactReader>("\x10"
                                      "1"),
            Fault::type);
  EXPECT_EQ(map_fault<CompactReader>("\x02\x55"
                                     "1234"),
            Fault::none);
  EXPECT_EQ(map_fault<CompactReader>("\x03\x55"
                                     "1234"),
            Fault::size);
  EXPECT_EQ(map_fault<CompactReader>("\x01\xe5"
                                     "1234"),
            Fault::type);
  EXPECT_EQ(map_fault<CompactReader>("\x01\x5f"
                                     "1234"),
            Fault::type);
}

TEST(Binary, ContainersAreBoundedByTheBytesLeft) {
  const auto list = [](char type, std::string_view size, std::string_view rest) {
    return std::string(1, type) + std::string(size) + std::string(rest);
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(list_fault<BinaryReader>(list(8, "\x7f\xff\xff\xff"sv, "1234")), Fault::size);
  EXPECT_EQ(list_fault<BinaryReader>(list(8, "\x80\0\0\0"sv, "1234")), Fault::size);
  EXPECT_EQ(list_fault<BinaryReader>(list(8, "\0\0\0\x01"sv, "1234")), Fault::none);
  EXPECT_EQ(list_fault<BinaryReader>(list(8, "\0\0\0\x02"sv, "1234567")), Fault::size);
  EXPECT_EQ(list_fault<BinaryReader>(list(1, "\0\0\0\x01"sv, "1234")), Fault::type);
  EXPECT_EQ(list_fault<BinaryReader>(list(0, "\0\0\0\0"sv, "")), Fault::none);
  EXPECT_EQ(map_fault<BinaryReader>("\x08" + list(99, "\0\0\0\x01"sv, "12345678")), Fault::type);
  EXPECT_EQ(map_fault<BinaryReader>("\x08" + list(3, "\0\0\0\x02"sv, "123456789")), Fault::size);
}

TEST(Compact, BoolsAreOneOrTwo) {
  for (const auto& [byte, value, fault] : {std::tuple{'\0', false, Fault::none},
                                           {'\1', true, Fault::none},
                                           {'\2', false, Fault::none},
                                           {'\3', false, Fault::boolean}}) {
    const std::string bytes(1, byte);
    CompactReader in(bytes);
    EXPECT_EQ(in.boolean(), value);
    EXPECT_EQ(in.fault(), fault);
  }
}

// 10,000 levels in a field that nobody knows: the skip path must stop at the limit.
TEST(Skip, DepthIsBounded) {
  for (const char element : {'\x19', '\x1a', '\x1c'}) {  // list of list, set of ..., struct in field 1
    const std::string bytes(10000, element);
    CompactReader in(bytes);
    in.skip(element == '\x1c' ? Type::structure : Type::list);
    EXPECT_EQ(in.fault(), Fault::depth);
    EXPECT_LT(in.offset(), 40u);
  }
  std::string maps;
  for (int i = 0; i < 5000; ++i) maps += "\x01\x3b\x01";
  CompactReader in(maps);
  in.skip(Type::map);
  EXPECT_EQ(in.fault(), Fault::depth);
}

TEST(Skip, LimitAndLimitPlusOne) {
  const auto nested = [](unsigned levels) {
    std::string bytes;
    for (unsigned i = 1; i < levels; ++i) bytes += '\x19';  // one list in it
    return bytes + '\x03';                                  // no i8 in it
  };
  for (const unsigned levels : {32u, 33u}) {
    const std::string bytes = nested(levels);
    CompactReader in(bytes);
    in.skip(Type::list);
    EXPECT_EQ(in.ok(), levels == 32) << to_string(in.fault());
  }
}

TEST(Message, VersionAndTypeAreChecked) {
  const auto compact = [](std::string bytes) {
    CompactReader in(bytes);
    in.message_begin();
    return in.fault();
  };
  using namespace std::string_literals;
  EXPECT_EQ(compact("\x82\x21\0\4name"s), Fault::none);
  EXPECT_EQ(compact("\x81\x21\0\4name"s), Fault::version);
  EXPECT_EQ(compact("\x82\x22\0\4name"s), Fault::version);
  EXPECT_EQ(compact("\x82\x01\0\4name"s), Fault::message_type);
  EXPECT_EQ(compact("\x82\xa1\0\4name"s), Fault::message_type);
  EXPECT_EQ(compact("\x82\x21\xff\xff\xff\xff\x1f\4name"s), Fault::range);
  EXPECT_EQ(compact("\x82\x21\0\5name"s), Fault::size);
  const auto binary = [](std::string bytes) {
    BinaryReader in(bytes);
    in.message_begin();
    return in.fault();
  };
  EXPECT_EQ(binary("\x80\1\0\1\0\0\0\4name\0\0\0\7"s), Fault::none);
  EXPECT_EQ(binary("\0\0\0\4name\1\0\0\0\7"s), Fault::version);  // the old unversioned header
  EXPECT_EQ(binary("\x80\2\0\1\0\0\0\4name\0\0\0\7"s), Fault::version);
  EXPECT_EQ(binary("\x80\1\0\5\0\0\0\4name\0\0\0\7"s), Fault::message_type);
  EXPECT_EQ(binary("\x80\1\0\1\xff\xff\xff\xffname\0\0\0\7"s), Fault::size);
}

TEST(Cursor, TheFirstFaultStays) {
  CompactReader in("");
  in.byte();
  in.fail(Fault::utf8);
  EXPECT_EQ(in.fault(), Fault::truncated);
  EXPECT_EQ(in.offset(), 0u);
  EXPECT_EQ(in.string(), "");
  EXPECT_EQ(in.list_begin().size, 0u);
}

TEST(Utf8, AsciiPathAgreesAtEveryLengthAndPlace) {
  for (std::size_t size = 0; size < 40; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(is_ascii(text.data(), size));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      EXPECT_FALSE(is_ascii(text.data(), size)) << size << ' ' << at;
      EXPECT_FALSE(valid_utf8(text));
      text[at] = 'a';
    }
  }
  for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) EXPECT_FALSE(valid_utf8(bad));
  EXPECT_TRUE(valid_utf8("\xe2\x82\xac"));
}

}  // namespace
