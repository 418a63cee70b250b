// What Apache's Python library wrote (tests/golden/make.py) is read, and what we write is what it wrote, byte
// for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "every/every_type.client.hpp"
#include "every/every_type_types.tcc"
#include "unit/contract/every_service.hpp"
#include "unit/contract/loopback.hpp"

namespace bascule::test {
namespace {

std::string golden(const std::string& file) {
  std::ifstream in(std::string(BASCULE_GOLDEN) + '/' + file, std::ios::binary);
  EXPECT_TRUE(in) << "no golden message " << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

class Golden : public testing::Test {
 protected:
  Golden() { loopback() = {.service = &service}; }

  /// Reads both encodings; gives back `member` as it was read from each to `call`, whose request must be the
  /// golden one.
  template <class T, class Call>
  void check(const std::string& name, T EveryService::* member, Call call) {
    for (const auto encoding : {rpc::Encoding::compact, rpc::Encoding::binary}) {
      const auto message = golden(name + (encoding == rpc::Encoding::compact ? ".compact" : ".binary"));
      service.*member = T();
      const auto answer = dispatch(service, name, encoding, message);
      EXPECT_FALSE(answer.message.empty());
      const T read = service.*member;
      EXPECT_NE(read, T()) << "nothing was read";
      EXPECT_EQ(run(call(read)), read) << "the reply differs";
      EXPECT_EQ(loopback().last->body, golden(name + ".compact"));
    }
  }

  EveryService service;
  every::EveryClient caller{client()};
};

#define GOLDEN(name, member)                                                                    \
  TEST_F(Golden, name) {                                                                        \
    check(#name, &EveryService::member, [&](const auto& value) { return caller.name(value); }); \
  }
GOLDEN(scalars, last_scalars)
GOLDEN(presence, last_presence)
GOLDEN(containers, last_containers)
GOLDEN(keys, last_keys)
GOLDEN(node, last_node)
GOLDEN(choice, last_choice)
GOLDEN(awkward, last_awkward)
GOLDEN(checked, last_checked)

TEST_F(Golden, ScalarsHoldWhatTheMakerPutIn) {
  dispatch(service, "scalars", rpc::Encoding::compact, golden("scalars.compact"));
  const auto& s = service.last_scalars;
  EXPECT_TRUE(s.flag);
  EXPECT_EQ(s.tiny, -128);
  EXPECT_EQ(s.small, -32768);
  EXPECT_EQ(s.medium, 2147483647);
  EXPECT_EQ(s.large, INT64_MIN);
  EXPECT_EQ(s.real, -0.1);
  EXPECT_EQ(s.text, "grüß \"Gott\" \\ \n 😀");
  EXPECT_EQ(s.data, std::string("\x00\xff\x80"
                                "binary",
                                9));
  EXPECT_EQ(s.colour, every_common::Colour::BLUE);
  EXPECT_EQ(s.far, -1);
  EXPECT_FALSE(s.far_flag);
}

TEST_F(Golden, ReferencesKeepAValueWithoutOptionalFields) {
  dispatch(service, "node", rpc::Encoding::compact, golden("node.compact"));
  ASSERT_TRUE(service.last_node.after);
  ASSERT_TRUE(service.last_node.after->after);
  EXPECT_EQ(service.last_node.after->after->name, "third");
}

/// Every prefix of a good message is refused, never read past its end.
TEST_F(Golden, TruncatedMessagesAreInvalidArguments) {
  for (const std::string name : {"scalars", "containers", "keys", "node"}) {
    for (const auto encoding : {rpc::Encoding::compact, rpc::Encoding::binary}) {
      const auto whole = golden(name + (encoding == rpc::Encoding::compact ? ".compact" : ".binary"));
      for (std::size_t size = 0; size < whole.size(); ++size) {
        try {
          dispatch(service, name, encoding, std::string(whole, 0, size));
          ADD_FAILURE() << name << " cut to " << size << " bytes was accepted";
        } catch (const Error& wrong) {
          ASSERT_EQ(wrong.code(), Errc::invalid_argument) << wrong.what();
        }
      }
    }
  }
}

}  // namespace
}  // namespace bascule::test
