// Random contracts, random values: what goes in comes back, byte for byte. The seed is in the test; a failure
// names it.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include "bascule/thrift/compact.hpp"
#include "unit/transcode/fixture.hpp"

namespace {

using namespace bascule::transcode;
using namespace bascule::transcode::test;
namespace bt = bascule::thrift;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string contract() {
    std::string json = R"({"bascule": 1, "types": {"r.E": {"kind": "enum", "values": {"A": 0, "B": 5, "C": -1}})";
    for (int i = 0; i < structs; ++i) {
      const bool is_union = i % 4 == 3;
      json += ", \"r.S" + std::to_string(i) + "\": {\"kind\": \"" + (is_union ? "union" : "struct") +
              "\", \"fields\": [" + fields(is_union) + "]}";
    }
    return json + "}}";
  }

  std::string value(const bt::TypeRef& type, int depth) {
    switch (type.kind) {
      case bt::Kind::boolean: return pick(2) ? "true" : "false";
      case bt::Kind::i8: return std::to_string(static_cast<std::int8_t>(random_()));
      case bt::Kind::i16: return std::to_string(static_cast<std::int16_t>(random_()));
      case bt::Kind::i32: return std::to_string(static_cast<std::int32_t>(random_()) >> pick(32));
      case bt::Kind::i64: return std::to_string(static_cast<std::int64_t>(random_()) >> pick(64));
      case bt::Kind::dbl: return real();
      case bt::Kind::string: return text();
      case bt::Kind::binary: return "\"" + std::string(4 * pick(5), 'A') + "\"";
      case bt::Kind::uuid: return "\"00000000-0000-0000-0000-" + std::to_string(100000000000 + pick(899999999)) + "\"";
      case bt::Kind::enumeration: return std::vector<std::string>{"\"A\"", "\"B\"", "\"C\"", "-1", "12"}[pick(5)];
      case bt::Kind::list: return list(*type.element, depth, false);
      case bt::Kind::set: return list(*type.element, depth, true);
      case bt::Kind::map: return map(type, depth);
      default: return object(*type.named, depth);
    }
  }

 private:
  static constexpr int structs = 8;

  std::uint64_t pick(std::uint64_t n) { return random_() % n; }

  std::string fields(bool is_union) {
    std::string json;
    const auto count = 1 + pick(is_union ? 4 : 9);
    int id = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      id += 1 + static_cast<int>(pick(4) ? 0 : pick(40));
      // Only optional fields and elements may lead to structs again, so that values end.
      const bool optional = pick(2) == 0;
      json += (i ? ", " : "") + std::string("{\"id\": ") + std::to_string(id) + ", \"name\": \"" + name(i) +
              "\", \"type\": " + type(2, is_union || optional) + ", \"requiredness\": \"" +
              (optional  ? "optional"
               : pick(2) ? "required"
                         : "default") +
              "\"}";
    }
    return json;
  }

  static std::string name(std::uint64_t i) {
    return std::vector<std::string>{"a",  "bb",  "a_name_of_17_char", "a_name_of_16_cha",
                                    "id", "ids", "exactly8",          "quantity_of_something_long_and_boring",
                                    "z"}[i];
  }

  std::string type(int depth, bool may_recur) {
    static const std::vector<std::string> bases{"bool",   "i8",     "i16",    "i32", "i64",
                                                "double", "string", "binary", "uuid"};
    const auto kind = pick(depth > 0 ? 14 : 9);
    if (kind < 9) return "\"" + bases[kind] + "\"";
    if (kind == 9) return R"({"ref": "r.E"})";
    if (kind == 10) return may_recur ? "{\"ref\": \"r.S" + std::to_string(pick(structs)) + "\"}" : "\"i64\"";
    if (kind == 11) return "{\"list\": " + type(depth - 1, true) + "}";
    if (kind == 12) return "{\"set\": " + type(depth - 1, true) + "}";
    return "{\"map\": [" + type(depth - 1, true) + ", " + type(depth - 1, true) + "]}";
  }

  std::string real() {
    const double value = std::bit_cast<double>(random_());
    if (pick(3) == 0) return std::to_string(static_cast<int>(pick(2000)) - 1000) + "." + std::to_string(pick(1000));
    if (!std::isfinite(value)) return "\"NaN\"";
    char buffer[40];
    return {buffer, std::to_chars(buffer, buffer + 40, value).ptr};
  }

  std::string text() {
    static const std::vector<std::string> parts{
        "a", "xyz", "\\n", "\\u00e9", "\xc3\xa9", "\\ud83d\\ude00", "\\\"", "\\\\", "0123456789abcdef", " ", "\\u0001"};
    std::string json = "\"";
    for (auto n = pick(6); n > 0; --n) json += parts[pick(parts.size())];
    return json + "\"";
  }

  /// Elements of sets and keys differ by construction or are left out: one is enough when they might not.
  std::string list(const bt::TypeRef& element, int depth, bool set) {
    const auto count = depth <= 0 ? 0 : set ? pick(2) : pick(20) == 0 ? 130 : pick(4);
    std::string json = "[";
    for (std::uint64_t i = 0; i < count; ++i) json += (i ? "," : "") + value(element, depth - (count > 4 ? 9 : 1));
    return json + "]";
  }

  std::string map(const bt::TypeRef& type, int depth) {
    const bool any = depth > 0 && pick(2);
    switch (type.key->kind) {
      case bt::Kind::boolean:
      case bt::Kind::i8:
      case bt::Kind::i16:
      case bt::Kind::i32:
      case bt::Kind::i64:
        return any ? "{\"" + value(*type.key, 0) + "\":" + value(*type.element, depth - 1) + "}" : "{}";
      case bt::Kind::string:
        return any ? "{\"k\":" + value(*type.element, depth - 1) + ",\"\":" + value(*type.element, depth - 1) + "}"
                   : "{}";
      case bt::Kind::enumeration:
        return any ? "{\"A\":" + value(*type.element, depth - 1) + ",\"99\":" + value(*type.element, depth - 1) + "}"
                   : "{}";
      default: return any ? "[[" + value(*type.key, depth - 1) + "," + value(*type.element, depth - 1) + "]]" : "[]";
    }
  }

  std::string object(const bt::NamedType& type, int depth) {
    std::vector<std::string> members;
    const auto only = pick(type.fields.size());
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      const bt::FieldType& field = type.fields[i];
      if (type.kind == bt::Kind::union_ ? i != only
                                        : field.requiredness == bt::Requiredness::optional && (depth <= 0 || pick(2)))
        continue;
      members.push_back("\"" + field.name + "\":" + value(*field.type, depth - 1));
    }
    std::shuffle(members.begin(), members.end(), random_);
    std::string json = "{";
    for (const std::string& member : members) json += (json.size() > 1 ? (pick(2) ? ", " : ",") : "") + member;
    return json + "}";
  }

  std::mt19937_64 random_;
};

class Random : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Random, testing::Range(0u, 8u));

TEST_P(Random, ValuesComeBack) {
  for (unsigned round = 0; round < 40; ++round) {
    const unsigned seed = GetParam() * 1000 + round;
    Generator generator(seed);
    const std::string contract = generator.contract();
    const auto made = Schema::make(std::make_shared<bt::Descriptor>(bt::Descriptor::parse(contract)));
    Workspace workspace;
    Problem problem;
    for (int i = 0; i < 20; ++i) {
      const std::string name = "r.S" + std::to_string(i % 8);
      const TypePlan& type = *made->type(name);
      const std::string json = generator.value(*made->descriptor().ref(name), 5);
      std::string bytes, back, again, back_again;
      const bool encoded = json_to_value(type, json, workspace, bytes, problem);
      if (!encoded && problem.wrong == Wrong::depth) continue;  // a union that led on and on
      ASSERT_TRUE(encoded) << "seed " << seed << '\n'
                           << contract << '\n'
                           << json << '\n'
                           << problem.pointer << ": " << problem.what;
      bt::CompactReader reader(bytes);
      reader.skip(bt::Type::structure);
      ASSERT_TRUE(reader.ok() && reader.remaining() == 0) << "seed " << seed << '\n' << json;
      ASSERT_TRUE(value_to_json(type, bytes, back, problem)) << "seed " << seed << '\n' << json << problem.what;
      ASSERT_TRUE(json_to_value(type, back, workspace, again, problem)) << "seed " << seed << '\n'
                                                                        << back << problem.what;
      ASSERT_EQ(again, bytes) << "seed " << seed << '\n' << json << '\n' << back;
      ASSERT_TRUE(value_to_json(type, again, back_again, problem));
      ASSERT_EQ(back_again, back);
    }
  }
}

}  // namespace
