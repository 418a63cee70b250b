// The attack rows 1 to 8 of the gateway's requirements, as raw bytes. Each is fed whole, byte by byte and in
// odd pieces: the answer must not depend on how the network cut it.
#include <gtest/gtest.h>

#include <vector>

#include "reading.hpp"

namespace bascule::http::test {
namespace {

using namespace std::string_literals;

struct Attack {
  std::string name, raw, expect;
};

std::string post(const std::string& fields, const std::string& body) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}
std::string get(const std::string& fields) { return "GET /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; }
std::string chunks(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }

const std::string smuggled = "GET /admin HTTP/1.1\r\nHost: h\r\n\r\n";

class Attacks : public ::testing::TestWithParam<Attack> {};

TEST_P(Attacks, IsRefusedHoweverItIsCut) {
  const Attack& attack = GetParam();
  for (const std::size_t step : {std::size_t{1} << 20, std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    EXPECT_EQ(outcome(attack.raw, step), attack.expect) << "in pieces of " << step;
  }
}

std::vector<Attack> length_and_chunked() {
  return {
      {"cl_te", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400 length_and_chunked"},
      {"te_cl", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), "400 length_and_chunked"},
      {"body_on_get", get("Content-Length: 5\r\n") + "hello", "400 unexpected_body"},
      {"chunked_get", get("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", "400 unexpected_body"},
      {"body_on_head", "HEAD /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", "400 unexpected_body"},
      {"body_on_options", "OPTIONS /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", "400 unexpected_body"},
      {"expectation", post("Expect: 200-ok\r\nContent-Length: 1\r\n", "x"), "417 expect"},
      {"two_expectations", post("Expect: 100-continue\r\nExpect: 100-continue\r\n", ""), "400 field_repeated"},
  };
}

std::vector<Attack> transfer_encoding() {
  std::vector<Attack> all;
  for (const std::string& value :
       std::vector<std::string>{"gzip", "xchunked", ",chunked", "chunked, chunked", "chunked, identity", "identity",
                                "\xa0"
                                "chunked",
                                "chunked\xa0", "", "chunked;q=1", "\"chunked\"", "chunked x"}) {
    all.push_back({"te_" + std::to_string(all.size()), post("Transfer-Encoding: " + value + "\r\n", smuggled),
                   "400 transfer_encoding"});
    all.push_back({"te_cl_" + std::to_string(all.size()),
                   post("Content-Length: 3\r\nTransfer-Encoding: " + value + "\r\n", "abc"), "400 transfer_encoding"});
  }
  for (const std::string& value : std::vector<std::string>{"\vchunked", "chunked\v", "\0chunked"s, "chunked\r",
                                                           "\x7f"
                                                           "chunked"}) {
    all.push_back(
        {"te_" + std::to_string(all.size()), post("Transfer-Encoding: " + value + "\r\n", ""), "400 field_syntax"});
  }
  all.push_back({"te_two_lines", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                 "400 transfer_encoding"});
  all.push_back({"te_http_1_0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "400 chunked_http_1_0"});
  return all;
}

std::vector<Attack> content_length() {
  std::vector<Attack> all;
  for (const std::string& value :
       std::vector<std::string>{"", "+5", "-48", "0x10", "010", "1Z", "5, 6", "5,5", "5 5", "18446744073709551616",
                                "99999999999999999999", "1e1", "0.0", "\xd9\xa1"}) {
    all.push_back(
        {"cl_" + std::to_string(all.size()), post("Content-Length: " + value + "\r\n", "hello"), "400 content_length"});
  }
  all.push_back(
      {"cl_repeated", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "400 content_length_repeated"});
  all.push_back(
      {"cl_second_0", post("Content-Length: 5\r\nContent-Length: 0\r\n", "hello"), "400 content_length_repeated"});
  all.push_back({"cl_huge", post("Content-Length: 18446744073709551615\r\n", "hello"), "413 body_size"});
  return all;
}

std::vector<Attack> chunk_sizes() {
  std::vector<Attack> all;
  for (const std::string& size :
       std::vector<std::string>{"0_2e", "0x5", "+5", "-0x0", "-1", "1zzz", " 5", "5 ", "5\t", "", "g",
                                "00000000000000005", "10000000000000000", "5\v", "5 ;a"}) {
    all.push_back({"size_" + std::to_string(all.size()), chunks(size + "\r\nhello\r\n0\r\n\r\n"), "400 chunk_size"});
  }
  all.push_back({"no_end_of_data", chunks("5\r\nhelloX\r\n0\r\n\r\n"), "400 chunk_end"});
  all.push_back({"bare_cr_after_data", chunks("5\r\nhello\rX0\r\n\r\n"), "400 chunk_end"});
  all.push_back({"bare_lf_after_data", chunks("5\r\nhello\n0\r\n\r\n"), "400 chunk_end"});
  all.push_back({"lone_lf_in_size", chunks("0\n\r\n"), "400 chunk_size"});
  all.push_back({"too_large", chunks("fffffffffffffff0\r\n"), "413 body_size"});
  return all;
}

std::vector<Attack> extensions_and_trailers() {
  std::vector<Attack> all;
  all.push_back({"quoted_lf", chunks("1;a=\"\n\"\r\nZ\r\n0\r\n\r\n"), "400 chunk_size"});
  all.push_back({"cr_cr", chunks("5\r\r;ABCD\r\n"), "400 chunk_size"});
  all.push_back({"nul", chunks("1;a=\"\0\"\r\nZ\r\n0\r\n\r\n"s), "400 chunk_extension"});
  all.push_back({"no_name", chunks("1;\r\nZ\r\n0\r\n\r\n"), "400 chunk_extension"});
  all.push_back({"no_value", chunks("1;a=\r\nZ\r\n0\r\n\r\n"), "400 chunk_extension"});
  all.push_back({"open_quote", chunks("1;a=\"b\r\nZ\r\n0\r\n\r\n"), "400 chunk_extension"});
  all.push_back({"spaces", chunks("1; a=b\r\nZ\r\n0\r\n\r\n"), "400 chunk_extension"});
  all.push_back({"64_kib", chunks("1;a=" + std::string(65536, 'x') + "\r\nZ\r\n0\r\n\r\n"), "400 chunk_extension"});
  for (const std::string& field :
       std::vector<std::string>{"Content-Length: 5", "Transfer-Encoding: chunked", "Host: h", "Authorization: x",
                                "cookie: a", "bad name: x", ": x", "no colon", " folded", "a: \0"s, "a\x01: b"}) {
    all.push_back({"trailer_" + std::to_string(all.size()), chunks("0\r\n" + field + "\r\n\r\n"), "400 trailer"});
  }
  all.push_back({"trailer_lone_lf", chunks("0\r\nX: y\n\r\n"), "400 trailer"});
  all.push_back({"trailer_size", chunks("0\r\nX: " + std::string(5000, 'x') + "\r\n\r\n"), "431 trailer_size"});
  return all;
}

std::vector<Attack> field_syntax() {
  std::vector<Attack> all;
  for (const std::string& field :
       std::vector<std::string>{"Content-Length : 5", ": x", "na\0me: x"s, "\xef: x", "(: x", "value: a\0b"s,
                                "no colon", "a b: c", "a: \x01", "a\r: b", "a: b\rc", "a[]: b", "a: \x7f"}) {
    all.push_back({"field_" + std::to_string(all.size()), get(field + "\r\n"), "400 field_syntax"});
  }
  all.push_back({"leading_space_first", "GET /a HTTP/1.1\r\n Host: h\r\n\r\n", "400 obs_fold"});
  all.push_back({"obs_fold", get("X: a\r\n\tb\r\n"), "400 obs_fold"});
  all.push_back({"split_name", get("Transfer-\r\nEncoding: chunked\r\n"), "400 field_syntax"});
  all.push_back({"bare_lf", get("X: a\nY: b\r\n"), "400 bare_line_end"});
  all.push_back({"lf_lf", "GET /a HTTP/1.1\nHost: h\n\n", "400 bare_line_end"});
  all.push_back({"underscore", get("X_User: root\r\n"), "400 underscore_in_name"});
  return all;
}

std::vector<Attack> request_lines() {
  std::vector<Attack> all;
  const auto line = [&](const std::string& text, const std::string& expect) {
    all.push_back({"line_" + std::to_string(all.size()), text + "\r\nHost: h\r\n\r\n", expect});
  };
  line("GET /\nHTTP/1.1", "400 bare_line_end");
  line("GET ! HTTP/1.1", "400 target");
  line("GET  HTTP/1.1", "400 target");
  line("GET /a b HTTP/1.1", "400 target");
  line("GET\t/ HTTP/1.1", "400 request_line");
  line("GET / HTTP/1.32", "400 request_line");
  line("GET / HTTP/4294967295.255", "400 request_line");
  line("GET / http/1.1", "400 request_line");
  line("GET / HTTP/1.1 ", "400 request_line");
  line("GET /", "400 request_line");
  line(" GET / HTTP/1.1", "400 request_line");
  line("G(T / HTTP/1.1", "400 request_line");
  line("PRI * HTTP/2.0", "505 version");
  line("CONNECT h:443 HTTP/1.1", "501 method");
  line("CONNECT  HTTP/1.1", "501 method");
  line("TRACE / HTTP/1.1", "501 method");
  line("GET * HTTP/1.1", "400 target");
  line("GET /a\\b HTTP/1.1", "400 target");
  line("GET /\xc3\xa9 HTTP/1.1", "400 target");
  line("GET /#x HTTP/1.1", "400 target");
  line("GET /<script> HTTP/1.1", "400 target");
  line("GET http://other/ HTTP/1.1", "400 host_mismatch");
  line("GET http://h HTTP/1.1", "400 target");
  line("GET ftp://h/ HTTP/1.1", "400 target");
  line("GET http://u@h/ HTTP/1.1", "400 target");
  return all;
}

std::vector<Attack> hosts() {
  std::vector<Attack> all;
  for (const std::string& host :
       std::vector<std::string>{"", "a,b", "user@h", "a b", "a/b", "h:port", "h:999999", ":80", "[::1", "a\xe9"}) {
    all.push_back({"host_" + std::to_string(all.size()), "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", "400 host"});
  }
  all.push_back({"two_hosts", get("Host: h\r\n"), "400 host"});
  all.push_back({"no_host", "GET / HTTP/1.1\r\nAccept: a\r\n\r\n", "400 host"});
  return all;
}

std::vector<Attack> repeated_fields() {
  std::vector<Attack> all;
  for (const std::string& name : std::vector<std::string>{"Authorization", "X-Api-Key", "Content-Type", "Cookie",
                                                          "Idempotency-Key", "traceparent"}) {
    all.push_back(
        {"twice_" + std::to_string(all.size()), get(name + ": a\r\n" + name + ": a\r\n"), "400 field_repeated"});
  }
  return all;
}

const auto by_name = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(LengthAndChunked, Attacks, ::testing::ValuesIn(length_and_chunked()), by_name);
INSTANTIATE_TEST_SUITE_P(TransferEncoding, Attacks, ::testing::ValuesIn(transfer_encoding()), by_name);
INSTANTIATE_TEST_SUITE_P(ContentLength, Attacks, ::testing::ValuesIn(content_length()), by_name);
INSTANTIATE_TEST_SUITE_P(ChunkSizes, Attacks, ::testing::ValuesIn(chunk_sizes()), by_name);
INSTANTIATE_TEST_SUITE_P(ExtensionsAndTrailers, Attacks, ::testing::ValuesIn(extensions_and_trailers()), by_name);
INSTANTIATE_TEST_SUITE_P(FieldSyntax, Attacks, ::testing::ValuesIn(field_syntax()), by_name);
INSTANTIATE_TEST_SUITE_P(RequestLines, Attacks, ::testing::ValuesIn(request_lines()), by_name);
INSTANTIATE_TEST_SUITE_P(Hosts, Attacks, ::testing::ValuesIn(hosts()), by_name);
INSTANTIATE_TEST_SUITE_P(RepeatedFields, Attacks, ::testing::ValuesIn(repeated_fields()), by_name);

}  // namespace
}  // namespace bascule::http::test
