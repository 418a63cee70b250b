// A contract that holds every kind of type, as a descriptor; shared by the transcoder's tests.
#pragma once

#include <string_view>

namespace bascule::transcode::test {

inline constexpr std::string_view contract = R"({"bascule": 1, "name": "t", "namespace": "t",
 "types": {
  "t.Status": {"kind": "enum", "values": {"PENDING": 1, "DONE": 2, "LOST": -7}},
  "t.Line": {"kind": "struct", "fields": [
    {"id": 1, "name": "product_id", "type": "i64", "requiredness": "required"},
    {"id": 2, "name": "quantity", "type": "i32", "requiredness": "required", "annotations": {"vt.gt": "0"}},
    {"id": 3, "name": "note", "type": "string", "requiredness": "optional"}]},
  "t.Choice": {"kind": "union", "fields": [
    {"id": 1, "name": "number", "type": "i32"}, {"id": 2, "name": "text", "type": "string"},
    {"id": 3, "name": "line", "type": {"ref": "t.Line"}}, {"id": 4, "name": "flag", "type": "bool"}]},
  "t.Node": {"kind": "struct", "fields": [
    {"id": 1, "name": "value", "type": "i32"},
    {"id": 2, "name": "children", "type": {"list": {"ref": "t.Node"}}, "requiredness": "optional"},
    {"id": 3, "name": "next", "type": {"ref": "t.Node"}, "requiredness": "optional"}]},
  "t.All": {"kind": "struct", "fields": [
    {"id": 1, "name": "flag", "type": "bool"},
    {"id": 2, "name": "tiny", "type": "i8"},
    {"id": 3, "name": "small", "type": "i16"},
    {"id": 4, "name": "medium", "type": "i32"},
    {"id": 5, "name": "large", "type": "i64"},
    {"id": 6, "name": "real", "type": "double"},
    {"id": 7, "name": "text", "type": "string"},
    {"id": 8, "name": "bytes", "type": "binary"},
    {"id": 9, "name": "uuid", "type": "uuid"},
    {"id": 10, "name": "status", "type": {"ref": "t.Status"}},
    {"id": 11, "name": "line", "type": {"ref": "t.Line"}},
    {"id": 12, "name": "choice", "type": {"ref": "t.Choice"}},
    {"id": 13, "name": "node", "type": {"ref": "t.Node"}},
    {"id": 14, "name": "flags", "type": {"list": "bool"}},
    {"id": 15, "name": "numbers", "type": {"list": "i64"}},
    {"id": 16, "name": "words", "type": {"set": "string"}},
    {"id": 17, "name": "lines", "type": {"set": {"ref": "t.Line"}}},
    {"id": 18, "name": "by_name", "type": {"map": ["string", "i32"]}},
    {"id": 19, "name": "by_status", "type": {"map": [{"ref": "t.Status"}, "string"]}},
    {"id": 20, "name": "by_flag", "type": {"map": ["bool", "bool"]}},
    {"id": 21, "name": "by_tiny", "type": {"map": ["i8", "i8"]}},
    {"id": 22, "name": "by_large", "type": {"map": ["i64", {"list": "double"}]}},
    {"id": 23, "name": "by_line", "type": {"map": [{"ref": "t.Line"}, "binary"]}},
    {"id": 24, "name": "by_real", "type": {"map": ["double", "uuid"]}},
    {"id": 25, "name": "deep", "type": {"list": {"map": ["string", {"set": {"list": "i16"}}]}}},
    {"id": 300, "name": "far_away_field_with_a_long_name", "type": "bool"},
    {"id": -5, "name": "negative", "type": "i32"}]},
  "t.Checked": {"kind": "struct", "fields": [
    {"id": 1, "name": "code", "type": "string", "requiredness": "optional", "annotations": {"vt.pattern": "^[A-Z]+$", "vt.max_size": "3"}},
    {"id": 2, "name": "ratio", "type": "double", "requiredness": "optional", "annotations": {"vt.le": "1"}},
    {"id": 3, "name": "tags", "type": {"list": "string"}, "requiredness": "optional", "annotations": {"vt.min_size": "1", "vt.elem.min_size": "2"}},
    {"id": 4, "name": "accepted", "type": "bool", "requiredness": "optional", "annotations": {"vt.const": "true"}},
    {"id": 5, "name": "status", "type": {"ref": "t.Status"}, "requiredness": "optional", "annotations": {"vt.defined_only": "true"}},
    {"id": 6, "name": "must", "type": "i32", "requiredness": "optional", "annotations": {"vt.not_nil": "true"}},
    {"id": 7, "name": "limits", "type": {"map": ["string", "i32"]}, "requiredness": "optional", "annotations": {"vt.key.prefix": "x", "vt.value.lt": "10", "vt.max_size": "2"}},
    {"id": 8, "name": "raw", "type": "binary", "requiredness": "optional", "annotations": {"vt.max_size": "2"}},
    {"id": 9, "name": "only", "type": "uuid", "requiredness": "optional", "annotations": {"vt.const": "123e4567-e89b-12d3-a456-426614174000"}}]},
  "t.Defaults": {"kind": "struct", "fields": [
    {"id": 1, "name": "a", "type": "i32", "requiredness": "required", "default": 7},
    {"id": 2, "name": "b", "type": "bool", "default": true},
    {"id": 3, "name": "c", "type": {"list": "string"}, "default": ["x"]},
    {"id": 4, "name": "d", "type": {"ref": "t.Status"}, "default": "DONE"},
    {"id": 5, "name": "e", "type": "i32", "requiredness": "optional", "default": 9}]},
  "t.Filter": {"kind": "struct", "fields": [
    {"id": 1, "name": "size", "type": "i32", "requiredness": "required"},
    {"id": 2, "name": "line", "type": {"ref": "t.Line"}, "requiredness": "optional"},
    {"id": 3, "name": "tags", "type": {"list": "string"}, "requiredness": "optional"}]},
  "t.NotFound": {"kind": "exception", "fields": [{"id": 1, "name": "what", "type": "string"}]},
  "t.Refused": {"kind": "exception", "fields": [{"id": 1, "name": "status", "type": {"ref": "t.Status"}}]}},
 "services": {"t.S": {"address": "rpc.t.S", "methods": [
  {"name": "place", "args": [{"id": 1, "name": "id", "type": "i64"}, {"id": 2, "name": "line", "type": {"ref": "t.Line"}}],
   "returns": {"ref": "t.Line"},
   "throws": [{"id": 1, "name": "not_found", "type": {"ref": "t.NotFound"}, "http_code": 404},
              {"id": 2, "name": "refused", "type": {"ref": "t.Refused"}}],
   "http": [{"verb": "POST", "path": "/lines", "body": "*", "bindings": []},
            {"verb": "PUT", "path": "/lines/{id}", "body": "line", "bindings": [{"arg": "id", "field": null, "in": "path", "name": "id"}]},
            {"verb": "PUT", "path": "/products/{p}", "body": "line", "bindings": [
              {"arg": "line", "field": "product_id", "in": "path", "name": "p"}]},
            {"verb": "POST", "path": "/renamed", "body": "*", "bindings": [{"arg": "id", "field": null, "in": "body", "name": "identity"}]}]},
  {"name": "find", "args": [
     {"id": 1, "name": "flag", "type": "bool"}, {"id": 2, "name": "tiny", "type": "i8"},
     {"id": 3, "name": "real", "type": "double"}, {"id": 4, "name": "text", "type": "string", "annotations": {"vt.max_size": "5"}},
     {"id": 5, "name": "bytes", "type": "binary"}, {"id": 6, "name": "uuid", "type": "uuid"},
     {"id": 7, "name": "status", "type": {"ref": "t.Status"}}, {"id": 8, "name": "ids", "type": {"list": "i64"}},
     {"id": 9, "name": "words", "type": {"set": "string"}}, {"id": 10, "name": "filter", "type": {"ref": "t.Filter"}},
     {"id": 11, "name": "limit", "type": "i32", "requiredness": "required", "default": 10}],
   "returns": {"list": "i32"}, "throws": [],
   "http": [{"verb": "GET", "path": "/find/{text}", "body": null, "bindings": [
     {"arg": "flag", "field": null, "in": "query", "name": "flag"}, {"arg": "tiny", "field": null, "in": "query", "name": "tiny"},
     {"arg": "real", "field": null, "in": "query", "name": "real"}, {"arg": "text", "field": null, "in": "path", "name": "text"},
     {"arg": "bytes", "field": null, "in": "query", "name": "bytes"}, {"arg": "uuid", "field": null, "in": "cookie", "name": "uuid"},
     {"arg": "status", "field": null, "in": "query", "name": "status"}, {"arg": "ids", "field": null, "in": "query", "name": "ids"},
     {"arg": "words", "field": null, "in": "header", "name": "X-Words"}, {"arg": "filter", "field": "size", "in": "query", "name": "size"},
     {"arg": "filter", "field": "line.product_id", "in": "query", "name": "product"},
     {"arg": "filter", "field": "line.quantity", "in": "query", "name": "quantity"},
     {"arg": "limit", "field": null, "in": "query", "name": "limit"}]}]},
  {"name": "nothing", "args": [], "returns": null, "throws": []},
  {"name": "tell", "oneway": true, "args": [{"id": 1, "name": "id", "type": "i64"}], "returns": null, "throws": []}]}}})";

}  // namespace bascule::transcode::test
