#include <gtest/gtest.h>

#include "bascule/gateway/access_log.hpp"

namespace bascule::gateway {
namespace {

TEST(AccessLog, ALineIsOneJsonObjectWhateverTheClientSent) {
  AccessRecord record;
  record.method = "GET";
  record.path = "/a\"b\n{\"forged\":1}";
  record.status = 404;
  record.flags = "NR";
  record.bytes_in = 12;
  record.bytes_out = 34;
  record.seconds = 0.0123456;
  record.user_agent = "\xff";
  std::string line;
  append_line(line, record);
  EXPECT_EQ(
      line,
      R"("level":"info","process":"gateway","msg":"request","method":"GET","path":"/a\"b\n{\"forged\":1}","status":404,)"
      R"("flags":"NR","bytes_in":12,"bytes_out":34,"duration_ms":12.345,"service_ms":0.000,"user_agent":"\ufffd"})"
      "\n");
}

TEST(AccessLog, LongFieldsAreCut) {
  AccessRecord record;
  const std::string path(100'000, 'a');
  record.path = path;
  std::string line;
  append_line(line, record);
  EXPECT_LT(line.size(), 2000u);
}

}  // namespace
}  // namespace bascule::gateway
