// Whole calls: path, query, header, cookie and body into one message, and replies of every outcome out of
// one.
#include "bascule/transcode/method.hpp"

#include "bascule/thrift/binary.hpp"
#include "unit/transcode/fixture.hpp"

namespace {

using namespace bascule::transcode;
using namespace bascule::transcode::test;
namespace bt = bascule::thrift;

std::shared_ptr<const Schema> shared_schema() {
  static const auto made = Schema::make(std::make_shared<bt::Descriptor>(bt::Descriptor::parse(contract)));
  return made;
}

MethodPlan plan(std::string_view method, int route = -1) {
  const auto schema = shared_schema();
  const bt::Method* found = schema->descriptor().service("t.S")->method(method);
  return {schema, *found, route < 0 ? nullptr : &found->http.at(static_cast<std::size_t>(route))};
}

struct Call {
  bool ok = false;
  std::string bytes;
  Problem problem;
  /// The arguments behind the envelope, in hex.
  std::string arguments() const {
    const bt::Envelope envelope = bt::open_message(bt::Encoding::compact, bytes);
    return envelope.ok() ? hex(envelope.body) : "no envelope";
  }
};

Call call(const MethodPlan& method, std::string_view json, const std::vector<Parameter>& parameters = {}) {
  Workspace workspace;
  Call result;
  result.ok = method.encode({json, parameters}, workspace, result.bytes, result.problem);
  return result;
}

TEST(Method, EnvelopeIsThatOfTheMethod) {
  const Call placed = call(plan("place"), R"({"id":1})");
  const bt::Envelope envelope = bt::open_message(bt::Encoding::compact, placed.bytes);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope.header.name, "place");
  EXPECT_EQ(envelope.header.type, bt::MessageType::call);
  EXPECT_EQ(envelope.header.seqid, 0);
  EXPECT_EQ(bt::open_message(bt::Encoding::compact, call(plan("tell"), "").bytes).header.type, bt::MessageType::oneway);
}

TEST(Method, BodyOfAllArguments) {
  for (const int route : {-1, 0}) {
    EXPECT_EQ(call(plan("place", route), R"({"id":1,"line":{"product_id":2,"quantity":3}})").arguments(),
              "16021c16041506"
              "00"
              "00");
  }
  EXPECT_EQ(call(plan("nothing"), "").arguments(), "00");
  EXPECT_EQ(call(plan("nothing"), "{}").arguments(), "00");
  EXPECT_EQ(call(plan("nothing"), R"({"x":1})").problem.pointer, "/x");
}

TEST(Method, BodyOfOneArgument) {
  const MethodPlan put = plan("place", 1);
  EXPECT_EQ(call(put, R"({"product_id":2,"quantity":3})", {{0, "7"}}).arguments(),
            "160e1c16041506"
            "00"
            "00");
  const Call wrong = call(put, R"({"product_id":"x"})", {{0, "7"}});
  EXPECT_EQ(wrong.problem.pointer, "/product_id");
  EXPECT_EQ(wrong.problem.source, Source::body);
  EXPECT_EQ(call(put, "", {{0, "7"}}).problem.wrong, Wrong::syntax);
  EXPECT_EQ(call(put, "{} x", {{0, "7"}}).problem.wrong, Wrong::missing);
}

TEST(Method, ParameterInsideTheBodysStruct) {
  const MethodPlan put = plan("place", 2);
  EXPECT_EQ(call(put, R"({"quantity":3})", {{0, "2"}}).arguments(),
            "2c16041506"
            "00"
            "00");
  const Call twice = call(put, R"({"product_id":9,"quantity":3})", {{0, "2"}});
  EXPECT_EQ(twice.problem.wrong, Wrong::duplicate);
  EXPECT_EQ(twice.problem.pointer, "/product_id");
  const Call missing = call(put, R"({"quantity":3})");
  EXPECT_EQ(missing.problem.wrong, Wrong::missing);
  EXPECT_EQ(missing.problem.source, Source::path);
  EXPECT_EQ(missing.problem.pointer, "p");
}

TEST(Method, ArgumentRenamedInTheBody) {
  EXPECT_EQ(call(plan("place", 3), R"({"identity":1})").arguments(), "160200");
  EXPECT_EQ(call(plan("place", 3), R"({"id":1})").problem.wrong, Wrong::unknown);
}

TEST(Method, EveryKindOfParameter) {
  const MethodPlan find = plan("find", 0);
  const auto one = [&](std::uint16_t binding, std::string_view text) {
    return call(find, "", {{binding, text}}).arguments();
  };
  EXPECT_EQ(call(find, "").arguments(), "b51400");  // the default of a required argument
  EXPECT_EQ(one(0, "true"), "11a51400");
  EXPECT_EQ(one(1, "-128"), "2380951400");
  EXPECT_EQ(one(2, "0.5"), "37000000000000e03f851400");
  EXPECT_EQ(one(3, "a\xc3\xa9"), "480361c3a9751400");
  EXPECT_EQ(one(4, "AP8="), "580200ff651400");
  EXPECT_EQ(one(5, "123e4567-e89b-12d3-a456-426614174000"), "6d123e4567e89b12d3a456426614174000551400");
  EXPECT_EQ(one(6, "DONE"), "7504451400");
  EXPECT_EQ(one(6, "-7"), "750d451400");
  EXPECT_EQ(one(7, "5"), "89160a351400");
  EXPECT_EQ(call(find, "", {{7, "5"}, {7, "6"}}).arguments(), "89260a0c351400");
  EXPECT_EQ(one(8, "a, b"), "9a2801610162251400");
  EXPECT_EQ(one(12, "3"), "b50600");
  EXPECT_EQ(one(9, "4"), "ac150800151400");
  EXPECT_EQ(call(find, "", {{9, "4"}, {10, "1"}, {11, "2"}}).arguments(), "ac15081c160215040000151400");
}

struct BadParameter {
  std::uint16_t binding;
  const char* text;
  Wrong wrong;
  Source source;
  const char* name;
};
class BadParameters : public testing::TestWithParam<BadParameter> {};
INSTANTIATE_TEST_SUITE_P(All, BadParameters,
                         testing::Values(BadParameter{0, "yes", Wrong::format, Source::query, "flag"},
                                         BadParameter{1, "128", Wrong::range, Source::query, "tiny"},
                                         BadParameter{1, "1x", Wrong::format, Source::query, "tiny"},
                                         BadParameter{1, "", Wrong::format, Source::query, "tiny"},
                                         BadParameter{1, "1.0", Wrong::format, Source::query, "tiny"},
                                         BadParameter{1, "99999999999999999999", Wrong::range, Source::query, "tiny"},
                                         BadParameter{2, "1e999", Wrong::format, Source::query, "real"},
                                         BadParameter{2, "nan", Wrong::format, Source::query, "real"},
                                         BadParameter{3, "\xff", Wrong::utf8, Source::path, "text"},
                                         BadParameter{3, "sixsix", Wrong::check, Source::path, "text"},
                                         BadParameter{4, "A", Wrong::format, Source::query, "bytes"},
                                         BadParameter{5, "x", Wrong::format, Source::cookie, "uuid"},
                                         BadParameter{6, "NONE", Wrong::format, Source::query, "status"},
                                         BadParameter{7, "a", Wrong::format, Source::query, "ids"},
                                         BadParameter{8, "a,b,a", Wrong::duplicate, Source::header, "X-Words"},
                                         BadParameter{9, "", Wrong::format, Source::query, "size"},
                                         BadParameter{10, "1", Wrong::missing, Source::query, "quantity"}));

TEST_P(BadParameters, AreNamed) {
  const Call refused = call(plan("find", 0), "", {{GetParam().binding, GetParam().text}});
  ASSERT_FALSE(refused.ok);
  EXPECT_EQ(refused.problem.wrong, GetParam().wrong) << refused.problem.what;
  EXPECT_EQ(refused.problem.source, GetParam().source);
  EXPECT_EQ(refused.problem.pointer, GetParam().name);
}

TEST(Method, ParameterTwice) {
  EXPECT_EQ(call(plan("find", 0), "", {{1, "1"}, {1, "1"}}).problem.wrong, Wrong::duplicate);
}

TEST(Method, BindingsThatCannotBe) {
  const auto bound = [](std::string from, std::string to) {
    std::string json(contract);
    json.replace(json.find(from), from.size(), to);
    const auto schema = Schema::make(std::make_shared<bt::Descriptor>(bt::Descriptor::parse(json)));
    const bt::Method* find = schema->descriptor().service("t.S")->method("find");
    MethodPlan made(schema, *find, &find->http[0]);
  };
  EXPECT_THROW(bound(R"("arg": "filter", "field": "size")", R"("arg": "filter", "field": null)"), bt::DescriptorError);
  EXPECT_THROW(bound(R"("arg": "filter", "field": "size")", R"("arg": "flag", "field": null)"), bt::DescriptorError);
  EXPECT_THROW(bound(R"("arg": "filter", "field": "size")", R"("arg": "filter", "field": "line")"),
               bt::DescriptorError);
}

/// A reply with one field of the result written by `write`.
template <class Write>
std::string reply(Write write, std::string_view name = "place", bt::MessageType type = bt::MessageType::reply) {
  std::string bytes;
  bt::CompactWriter out(bytes);
  out.message_begin(name, type, 0);
  out.struct_begin();
  write(out);
  out.struct_end();
  out.flush();
  return bytes;
}

void line(bt::CompactWriter& out) {
  out.struct_begin();
  out.field_begin(bt::Type::i64, 1);
  out.i64(5);
  out.field_begin(bt::Type::i32, 2);
  out.i32(6);
  out.struct_end();
}

TEST(Method, ReplyOutcomes) {
  const MethodPlan place = plan("place");
  std::string json = "kept ";
  Reply read = place.decode(reply([](auto& out) {
                              out.field_begin(bt::Type::structure, 0);
                              line(out);
                            }),
                            json);
  EXPECT_EQ(read.outcome, Reply::Outcome::success) << read.problem.what;
  EXPECT_EQ(json, R"(kept {"product_id":5,"quantity":6})");

  json.clear();
  read = place.decode(reply([](auto& out) {
                        out.field_begin(bt::Type::structure, 1);
                        out.struct_begin();
                        out.field_begin(bt::Type::string, 1);
                        out.string("gone");
                        out.struct_end();
                      }),
                      json);
  EXPECT_EQ(read.outcome, Reply::Outcome::declared);
  EXPECT_EQ(read.thrown->name, "not_found");
  EXPECT_EQ(read.thrown->type->named->name, "t.NotFound");
  EXPECT_EQ(read.thrown->http_code, 404);
  EXPECT_EQ(json, R"({"what":"gone"})");

  json.clear();
  read = place.decode(bt::encode_exception(bt::Encoding::compact, "place", {"boom", 6}), json);
  EXPECT_EQ(read.outcome, Reply::Outcome::application);
  EXPECT_EQ(read.application.message, "boom");
  EXPECT_EQ(read.application.kind, 6);
  EXPECT_EQ(json, "");

  read = plan("nothing").decode(reply([](auto&) {}, "nothing"), json);
  EXPECT_EQ(read.outcome, Reply::Outcome::success);
  EXPECT_EQ(json, "");
}

TEST(Method, BrokenReplies) {
  const MethodPlan place = plan("place");
  const auto what = [&](const std::string& bytes) {
    std::string json;
    const Reply read = place.decode(bytes, json);
    return read.outcome == Reply::Outcome::broken ? read.problem.what : "not broken";
  };
  EXPECT_EQ(what(""), "the message ends inside a value");
  EXPECT_EQ(what("GET / HTTP/1.1"), "not a message of this protocol and version");
  EXPECT_EQ(what(reply([](auto&) {})), "the reply holds no result");
  EXPECT_EQ(what(reply([](auto&) {}, "other")), "the reply is of another method: other");
  EXPECT_EQ(what(reply([](auto&) {}, "place", bt::MessageType::call)), "the message is not a reply");
  EXPECT_EQ(what(reply([](auto& out) { out.bool_field(9, true); })), "the result holds an unknown field 9");
  EXPECT_EQ(what(reply([](auto& out) { out.bool_field(0, true); })), "the result is not of type t.Line");
  const std::string good = reply([](auto& out) {
    out.field_begin(bt::Type::structure, 0);
    line(out);
  });
  EXPECT_EQ(what(good), "not broken");
  EXPECT_EQ(what(good + "x"), "bytes follow the reply");
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_NE(what(good.substr(0, n)), "not broken") << n;
  EXPECT_EQ(what(reply([](auto& out) {
              out.field_begin(bt::Type::structure, 0);
              line(out);
              out.field_begin(bt::Type::structure, 1);
              line(out);
            })),
            "the result holds more than one field");
}

TEST(Method, MessageSizeIsBounded) {
  const auto schema = shared_schema();
  const bt::Method* place = schema->descriptor().service("t.S")->method("place");
  const std::string json = R"({"line":{"product_id":1,"quantity":2,"note":"0123456789"}})";
  const std::size_t size = call(plan("place"), json).bytes.size();
  EXPECT_TRUE(call(MethodPlan(schema, *place, nullptr, {.message = size}), json).ok);
  EXPECT_EQ(call(MethodPlan(schema, *place, nullptr, {.message = size - 1}), json).problem.wrong, Wrong::size);
}

}  // namespace
