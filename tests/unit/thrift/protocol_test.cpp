// Our protocols beside Apache's: same bytes, same values, and a clean refusal of everything hostile.
#include "bascule/thrift/protocol.hpp"

#include <contract_types.h>
#include <gtest/gtest.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <contract_types.tcc>

#include <random>

namespace {

using namespace bascule::test::wire;
using apache::thrift::protocol::TProtocolException;
using apache::thrift::transport::TMemoryBuffer;
namespace bt = bascule::thrift;
namespace tp = apache::thrift::protocol;

Everything sample() {
  Everything e;
  e.yes = true;
  e.no = false;
  e.tiny = -128;
  e.small = -32768;
  e.medium = 2147483647;
  e.large = INT64_MIN;
  e.real = 0.1;
  e.text = "h\xc3\xa9llo \xf0\x9f\x98\x80";
  e.bytes = std::string("\0\xff\x80", 3);
  e.colour = Colour::BLUE;
  e.flags = {true, false, true};
  for (int shift = 0; shift < 64; ++shift) e.numbers.push_back(std::int64_t{1} << shift);
  e.words = {"a", "b", ""};
  e.leaves["x"].id = 7;
  e.leaves["x"].__set_note("note");
  e.deep[-1] = {{{Colour::RED, "r"}}, {}};
  e.leaf.id = 1;
  e.choice.__set_text("chosen");
  e.tree.value = 1;
  e.tree.__set_children({Node{}, Node{}});
  e.__set_far(300);
  e.__set_far_flag(true);
  e.more.resize(20);
  return e;
}

template <class Protocol>
std::string theirs(const Everything& value) {
  auto buffer = std::make_shared<TMemoryBuffer>();
  Protocol protocol(buffer);
  value.write(&protocol);
  return buffer->getBufferAsString();
}

template <class Out>
std::string ours(const Everything& value) {
  std::string bytes;
  Out out(bytes);
  value.write(&out);
  return bytes;  // whole although the protocol still lives
}

template <class In>
Everything read(const std::string& bytes, const bt::Limits& limits = {}) {
  In in(bytes, limits);
  Everything value;
  value.read(&in);
  return value;
}

TEST(Protocol, CompactBytesAreApaches) {
  const Everything value = sample();
  const std::string bytes = ours<bt::CompactOut>(value);
  EXPECT_EQ(bytes, theirs<tp::TCompactProtocolT<TMemoryBuffer>>(value));
  EXPECT_EQ(read<bt::CompactIn>(bytes), value);
}

TEST(Protocol, BinaryBytesAreApaches) {
  const Everything value = sample();
  const std::string bytes = ours<bt::BinaryOut>(value);
  EXPECT_EQ(bytes, theirs<tp::TBinaryProtocolT<TMemoryBuffer>>(value));
  EXPECT_EQ(read<bt::BinaryIn>(bytes), value);
}

TEST(Protocol, VirtualCallsComeToTheSameCode) {
  std::string bytes;
  bt::CompactOut out(bytes);
  tp::TProtocol& base = out;
  sample().write(&base);
  EXPECT_EQ(bytes, ours<bt::CompactOut>(sample()));
  bt::CompactIn in(bytes);
  tp::TProtocol& in_base = in;
  Everything value;
  value.read(&in_base);
  EXPECT_EQ(value, sample());
}

TEST(Protocol, AppendsBehindWhatTheStringHolds) {
  std::string bytes = "head";
  bt::CompactOut out(bytes);
  Leaf leaf;
  leaf.id = 3;
  leaf.write(&out);
  EXPECT_EQ(bytes, std::string("head\x16\x06\0", 7));
}

TEST(Protocol, EveryTruncationIsRefused) {
  const std::string compact = ours<bt::CompactOut>(sample()), binary = ours<bt::BinaryOut>(sample());
  for (std::size_t n = 0; n < compact.size(); ++n) {
    EXPECT_THROW(read<bt::CompactIn>(compact.substr(0, n)), TProtocolException) << n;
  }
  for (std::size_t n = 0; n < binary.size(); ++n) {
    EXPECT_THROW(read<bt::BinaryIn>(binary.substr(0, n)), TProtocolException) << n;
  }
}

// Whatever a changed byte does, it is a value or a TProtocolException.
TEST(Protocol, ChangedBytesNeverCrash) {
  std::mt19937 random(7);
  const std::string compact = ours<bt::CompactOut>(sample()), binary = ours<bt::BinaryOut>(sample());
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = round % 2 ? compact : binary;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      round % 2 ? read<bt::CompactIn>(bytes) : read<bt::BinaryIn>(bytes);
    } catch (const TProtocolException&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

Node chain(int depth) {
  Node node;
  node.value = depth;
  if (depth > 1) node.__set_children({chain(depth - 1)});
  return node;
}

template <class In>
void read_node(const std::string& bytes, unsigned depth) {
  In in(bytes, bt::Limits{.depth = depth});
  Node node;
  node.read(&in);
}

TEST(Protocol, DepthIsBoundedBothWays) {
  std::string bytes;
  bt::CompactOut out(bytes);
  chain(32).write(&out);
  EXPECT_NO_THROW(read_node<bt::CompactIn>(bytes, 32));
  EXPECT_THROW(read_node<bt::CompactIn>(bytes, 31), TProtocolException);
  std::string deeper;
  bt::CompactOut out2(deeper);
  EXPECT_THROW(chain(33).write(&out2), TProtocolException);
}

TEST(Protocol, MessageSizeIsBounded) {
  const std::string bytes = ours<bt::CompactOut>(sample());
  EXPECT_NO_THROW(read<bt::CompactIn>(bytes, {.message = bytes.size()}));
  EXPECT_THROW(read<bt::CompactIn>(bytes, {.message = bytes.size() - 1}), TProtocolException);
}

TEST(Protocol, ErrorSaysWhatAndWhere) {
  try {
    read<bt::CompactIn>(std::string("\x38\x05", 2));  // field 3 says binary: skipped, 5 bytes that are not there
    FAIL();
  } catch (const TProtocolException& error) {
    EXPECT_STREQ(error.what(), "a string or container is larger than the bytes left (at byte 2)");
    EXPECT_EQ(error.getType(), TProtocolException::SIZE_LIMIT);
  }
}

TEST(Protocol, StringsMustBeUtf8BinaryNot) {
  Everything value = sample();
  value.text = "\xff";
  EXPECT_THROW(read<bt::CompactIn>(ours<bt::CompactOut>(value)), TProtocolException);
  value = sample();
  value.bytes = "\xff";
  EXPECT_EQ(read<bt::CompactIn>(ours<bt::CompactOut>(value)).bytes, "\xff");
}

}  // namespace
