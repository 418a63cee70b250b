// The descriptor model: what docs/architecture.md shows is read, and every mistake is named by its JSON
// pointer.
#include "bascule/thrift/descriptor.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bascule::thrift;

constexpr std::string_view shop =
    R"({"bascule": 1, "name": "shop", "namespace": "shop", "digest": "sha256:00",
 "types": {
   "shop.Product": {"kind": "struct", "doc": "A product.", "annotations": {"a": "b"}, "fields": [
      {"id": 1, "name": "id", "type": "i64", "requiredness": "required", "default": null, "annotations": {"vt.gt": "0"}, "doc": ""},
      {"id": 2, "name": "status", "type": {"ref": "shop.Status"}, "requiredness": "default", "default": "PENDING"},
      {"id": 3, "name": "parts", "type": {"list": {"ref": "shop.Product"}}, "requiredness": "optional"},
      {"id": -4, "name": "names", "type": {"map": ["string", {"set": "uuid"}]}}]},
   "shop.Status": {"kind": "enum", "values": {"PENDING": 1, "DONE": -2}},
   "shop.NotFound": {"kind": "exception", "fields": []},
   "shop.Choice": {"kind": "union", "fields": [{"id": 1, "name": "a", "type": "bool"}]}},
 "constants": {"shop.MAX_LINES": {"type": "i32", "value": 100}},
 "services": {
   "shop.Catalog": {"extends": null, "address": "rpc.shop.Catalog", "methods": [
      {"name": "get_product", "oneway": false, "idempotent": true, "timeout_ms": 5000,
       "args": [{"id": 1, "name": "id", "type": "i64"}, {"id": 2, "name": "p", "type": {"ref": "shop.Product"}}],
       "returns": {"ref": "shop.Product"},
       "throws": [{"id": 1, "name": "not_found", "type": {"ref": "shop.NotFound"}, "http_code": 404}],
       "auth": "public", "scopes": ["x"],
       "http": [{"verb": "GET", "path": "/v1/products/{id}", "status": 200, "body": null,
                 "bindings": [{"arg": "id", "field": null, "in": "path", "name": "id"},
                              {"arg": "p", "field": "status", "in": "query", "name": "s"}]}]},
      {"name": "nothing", "returns": null}]}},
 "events": {"shop.Product": {"topic": "events.shop.Product", "key": "id"}}, "later": {"unknown": []}})";

TEST(Descriptor, ModelHoldsWhatTheJsonSays) {
  Descriptor parsed = Descriptor::parse(shop);
  const Descriptor d = std::move(parsed);  // addresses survive
  EXPECT_EQ(d.name, "shop");
  EXPECT_EQ(d.digest, "sha256:00");
  const NamedType* product = d.type("shop.Product");
  ASSERT_TRUE(product);
  EXPECT_EQ(product->doc, "A product.");
  EXPECT_EQ(*product->annotations.find("a"), "b");
  ASSERT_EQ(product->fields.size(), 4u);
  EXPECT_EQ(product->fields[0].requiredness, Requiredness::required);
  EXPECT_EQ(product->fields[0].default_json, std::nullopt);
  EXPECT_EQ(*product->fields[0].annotations.find("vt.gt"), "0");
  EXPECT_EQ(product->fields[1].type->named, d.type("shop.Status"));
  EXPECT_EQ(product->fields[1].default_json, "\"PENDING\"");
  EXPECT_EQ(product->fields[2].type->element->named, product);  // recursive
  EXPECT_EQ(product->fields[3].id, -4);
  EXPECT_EQ(to_string(*product->fields[3].type), "map<string, set<uuid>>");
  EXPECT_EQ(to_string(*product->fields[2].type), "list<shop.Product>");
  EXPECT_EQ(d.type("shop.Status")->values[1].value, -2);
  EXPECT_EQ(d.type("shop.Choice")->kind, Kind::union_);
  EXPECT_EQ(d.constants()[0].json, "100");

  const Method* get = d.service("shop.Catalog")->method("get_product");
  ASSERT_TRUE(get);
  EXPECT_TRUE(get->idempotent);
  EXPECT_EQ(get->timeout_ms, 5000);
  EXPECT_EQ(get->returns->named, product);
  EXPECT_EQ(get->throws[0].http_code, 404);
  EXPECT_EQ(get->auth, "public");
  EXPECT_EQ(get->scopes, std::vector<std::string>{"x"});
  EXPECT_EQ(get->http[0].body, std::nullopt);
  EXPECT_EQ(get->http[0].bindings[1].field, "status");
  EXPECT_EQ(d.service("shop.Catalog")->method("nothing")->returns, nullptr);
  EXPECT_EQ(d.event("shop.Product")->key, "id");
  EXPECT_EQ(d.type("shop.Nobody"), nullptr);
  EXPECT_EQ(d.service("x"), nullptr);
  EXPECT_EQ(d.event("x"), nullptr);
}

TEST(Descriptor, TypesAreInternedByJson) {
  Descriptor d = Descriptor::parse(shop);
  EXPECT_EQ(to_string(*d.intern(R"({"map": ["i32", {"ref": "shop.Product"}]})")), "map<i32, shop.Product>");
  EXPECT_THROW(d.intern(R"("i33")"), DescriptorError);
}

struct Mistake {
  std::string from, to, pointer;
};

class Mistakes : public testing::TestWithParam<Mistake> {};
INSTANTIATE_TEST_SUITE_P(
    All, Mistakes,
    testing::Values(
        Mistake{R"("bascule": 1)", R"("bascule": 2)", "/bascule"}, Mistake{R"("bascule": 1,)", "", ""},
        Mistake{R"("kind": "struct")", R"("kind": "class")", "/types/shop.Product/kind"},
        Mistake{R"("type": "i64", "requiredness")", R"("type": "i65", "requiredness")",
                "/types/shop.Product/fields/0/type"},
        Mistake{R"({"ref": "shop.Status"})", R"({"ref": "shop.No~/w"})", "/types/shop.Product/fields/1/type/ref"},
        Mistake{R"(["string", {"set": "uuid"}])", R"(["string"])", "/types/shop.Product/fields/3/type/map"},
        Mistake{R"(["string", {"set": "uuid"}])", R"(["string", {"set": "x"}])",
                "/types/shop.Product/fields/3/type/map/1/set"},
        Mistake{R"({"set": "uuid"})", R"({})", "/types/shop.Product/fields/3/type/map/1"},
        Mistake{R"("id": -4)", R"("id": 1)", "/types/shop.Product/fields/3/id"},
        Mistake{R"("id": -4)", R"("id": 32768)", "/types/shop.Product/fields/3/id"},
        Mistake{R"("name": "names")", R"("name": "id")", "/types/shop.Product/fields/3/name"},
        Mistake{R"("requiredness": "required")", R"("requiredness": "maybe")",
                "/types/shop.Product/fields/0/requiredness"},
        Mistake{R"("vt.gt": "0")", R"("vt.gt": 0)", "/types/shop.Product/fields/0/annotations/vt.gt"},
        Mistake{R"("PENDING": 1)", R"("PENDING": 2147483648)", "/types/shop.Status/values/PENDING"},
        Mistake{R"("type": {"ref": "shop.NotFound"})", R"("type": {"ref": "shop.Choice"})",
                "/services/shop.Catalog/methods/0/throws/0/type"},
        Mistake{R"("http_code": 404)", R"("http_code": 4040)", "/services/shop.Catalog/methods/0/throws/0/http_code"},
        Mistake{R"("timeout_ms": 5000)", R"("timeout_ms": -1)", "/services/shop.Catalog/methods/0/timeout_ms"},
        Mistake{R"("name": "nothing")", R"("name": "get_product")", "/services/shop.Catalog/methods/1/name"},
        Mistake{R"("body": null)", R"("body": "x")", "/services/shop.Catalog/methods/0/http/0/body"},
        Mistake{R"("in": "path")", R"("in": "sky")", "/services/shop.Catalog/methods/0/http/0/bindings/0/in"},
        Mistake{R"({"arg": "id",)", R"({"arg": "ix",)", "/services/shop.Catalog/methods/0/http/0/bindings/0/arg"},
        Mistake{R"("field": "status")", R"("field": "status.x")",
                "/services/shop.Catalog/methods/0/http/0/bindings/1/field"},
        Mistake{R"("events": {"shop.Product")", R"("events": {"shop.X")", "/events/shop.X"},
        Mistake{R"("key": "id")", R"("key": "ix")", "/events/shop.Product/key"},
        Mistake{R"("later")", R"(later)", ""}));

TEST_P(Mistakes, AreNamedByPointer) {
  std::string json(shop);
  const std::size_t at = json.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  json.replace(at, GetParam().from.size(), GetParam().to);
  try {
    Descriptor::parse(json);
    FAIL() << "accepted";
  } catch (const DescriptorError& error) {
    EXPECT_EQ(error.pointer(), GetParam().pointer) << error.what();
    EXPECT_EQ(error.code(), bascule::Errc::invalid_argument);
  }
}

TEST(Descriptor, TypeNestingIsBounded) {
  const auto nested = [](int levels) {
    std::string type = "\"i32\"";
    for (int i = 0; i < levels; ++i) type = "{\"list\": " + type + "}";
    return type;
  };
  Descriptor d;
  EXPECT_NO_THROW(d.intern(nested(32)));
  EXPECT_THROW(d.intern(nested(33)), DescriptorError);
}

}  // namespace
