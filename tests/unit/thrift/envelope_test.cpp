// The envelope beside Apache's own reader and writer.
#include "bascule/thrift/envelope.hpp"

#include <gtest/gtest.h>
#include <thrift/TApplicationException.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <memory>

namespace {

using namespace bascule::thrift;
using apache::thrift::TApplicationException;
using apache::thrift::transport::TMemoryBuffer;
namespace tp = apache::thrift::protocol;

std::unique_ptr<tp::TProtocol> theirs(Encoding encoding, std::shared_ptr<TMemoryBuffer> buffer) {
  if (encoding == Encoding::compact) return std::make_unique<tp::TCompactProtocol>(buffer);
  auto binary = std::make_unique<tp::TBinaryProtocol>(buffer);
  binary->setStrict(true, true);
  return binary;
}

class Envelopes : public testing::TestWithParam<Encoding> {};
INSTANTIATE_TEST_SUITE_P(Both, Envelopes, testing::Values(Encoding::compact, Encoding::binary));

TEST_P(Envelopes, HeaderBytesAreApaches) {
  for (const MessageType type : {MessageType::call, MessageType::reply, MessageType::exception, MessageType::oneway}) {
    for (const std::int32_t seqid : {0, 1, 1000000, -1}) {
      auto buffer = std::make_shared<TMemoryBuffer>();
      theirs(GetParam(), buffer)->writeMessageBegin("get_product", static_cast<tp::TMessageType>(type), seqid);
      std::string bytes;
      begin_message(bytes, GetParam(), "get_product", type, seqid);
      EXPECT_EQ(bytes, buffer->getBufferAsString());
      bytes += "rest";
      const Envelope opened = open_message(GetParam(), bytes);
      ASSERT_TRUE(opened.ok()) << to_string(opened.fault);
      EXPECT_EQ(opened.header.name, "get_product");
      EXPECT_EQ(opened.header.type, type);
      EXPECT_EQ(opened.header.seqid, seqid);
      EXPECT_EQ(opened.body, "rest");
      EXPECT_EQ(sniff(bytes), GetParam());
    }
  }
}

TEST_P(Envelopes, EveryTruncationIsAFault) {
  std::string bytes;
  begin_message(bytes, GetParam(), "get_product", MessageType::call, 300);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(open_message(GetParam(), bytes.substr(0, n)).ok()) << n;
}

TEST_P(Envelopes, ExceptionIsReadByApache) {
  const std::string bytes = encode_exception(GetParam(), "f", {"no such method", ApplicationException::unknown_method});
  auto buffer = std::make_shared<TMemoryBuffer>();
  buffer->write(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size()));
  auto protocol = theirs(GetParam(), buffer);
  std::string name;
  tp::TMessageType type{};
  std::int32_t seqid = 0;
  protocol->readMessageBegin(name, type, seqid);
  TApplicationException read;
  read.read(protocol.get());
  EXPECT_EQ(type, tp::T_EXCEPTION);
  EXPECT_EQ(read.getType(), TApplicationException::UNKNOWN_METHOD);
  EXPECT_STREQ(read.what(), "no such method");
}

TEST_P(Envelopes, ExceptionRoundTripsAndSkipsNewFields) {
  const std::string bytes = encode_exception(GetParam(), "f", {"caf\xc3\xa9", 42});
  const Envelope opened = open_message(GetParam(), bytes);
  const auto read = decode_exception(GetParam(), opened.body);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->message, "caf\xc3\xa9");
  EXPECT_EQ(read->kind, 42);
  EXPECT_FALSE(decode_exception(GetParam(), opened.body.substr(0, 3)));
}

TEST(ContentType, ParametersAndCaseAreIgnored) {
  EXPECT_EQ(encoding_of("application/vnd.apache.thrift.compact"), Encoding::compact);
  EXPECT_EQ(encoding_of("Application/Vnd.Apache.Thrift.Binary ; charset=x"), Encoding::binary);
  EXPECT_EQ(encoding_of("application/x-thrift"), std::nullopt);
  EXPECT_EQ(encoding_of("application/jsonx"), std::nullopt);
  EXPECT_EQ(encoding_of("application/jso"), std::nullopt);
  EXPECT_EQ(encoding_of(""), std::nullopt);
  for (const auto encoding : {Encoding::compact, Encoding::binary, Encoding::json}) {
    EXPECT_EQ(encoding_of(content_type(encoding)), encoding);
  }
}

TEST(ContentType, JsonIsNoThriftMessage) {
  const std::string bytes = encode_exception(Encoding::compact, "f", {"no", 1});
  EXPECT_FALSE(open_message(Encoding::json, bytes).ok());
  EXPECT_FALSE(decode_exception(Encoding::json, open_message(Encoding::compact, bytes).body));
}

}  // namespace
