// The measured order: its JSON (564 bytes; 279 as compact Thrift) and the descriptor of order.thrift.
#pragma once

#include <string_view>

namespace bascule::bench {

inline constexpr std::string_view order_json =
    R"({"id":1000001,"customer_id":48213,"status":"PENDING","currency":"EUR","placed_at":1767225600123,)"
    R"("email":"ada.lovelace@example.org","express":true,"discount":0.05,"note":"Please leave it at the door",)"
    R"("address":{"name":"Ada Lovelace","street":"12 St James's Square","city":"London","postcode":"SW1Y 4JH",)"
    R"("country":"GB"},"lines":[{"product_id":7001,"sku":"KB-104-UK","quantity":1,"price_minor":8999},)"
    R"({"product_id":7042,"sku":"MOUSE-2B","quantity":2,"price_minor":1950},)"
    R"({"product_id":90210,"sku":"USB-C-1M","quantity":4,"price_minor":7990}],"tags":["gift","priority"]})";

inline constexpr std::string_view order_descriptor =
    R"({"bascule": 1, "name": "order", "namespace": "bench", "types": {
 "bench.Status": {"kind": "enum", "values": {"PENDING": 1, "CONFIRMED": 2, "REJECTED": 3}},
 "bench.Address": {"kind": "struct", "fields": [
  {"id": 1, "name": "name", "type": "string", "requiredness": "required"},
  {"id": 2, "name": "street", "type": "string", "requiredness": "required"},
  {"id": 3, "name": "city", "type": "string", "requiredness": "required"},
  {"id": 4, "name": "postcode", "type": "string", "requiredness": "required"},
  {"id": 5, "name": "country", "type": "string", "requiredness": "required"}]},
 "bench.Line": {"kind": "struct", "fields": [
  {"id": 1, "name": "product_id", "type": "i64", "requiredness": "required"},
  {"id": 2, "name": "sku", "type": "string", "requiredness": "required"},
  {"id": 3, "name": "quantity", "type": "i32", "requiredness": "required"},
  {"id": 4, "name": "price_minor", "type": "i64", "requiredness": "required"}]},
 "bench.Order": {"kind": "struct", "fields": [
  {"id": 1, "name": "id", "type": "i64", "requiredness": "required"},
  {"id": 2, "name": "customer_id", "type": "i64", "requiredness": "required"},
  {"id": 3, "name": "status", "type": {"ref": "bench.Status"}, "requiredness": "required"},
  {"id": 4, "name": "currency", "type": "string", "requiredness": "required"},
  {"id": 5, "name": "placed_at", "type": "i64", "requiredness": "required"},
  {"id": 6, "name": "email", "type": "string", "requiredness": "required"},
  {"id": 7, "name": "express", "type": "bool", "requiredness": "required"},
  {"id": 8, "name": "discount", "type": "double", "requiredness": "required"},
  {"id": 9, "name": "note", "type": "string", "requiredness": "optional"},
  {"id": 10, "name": "address", "type": {"ref": "bench.Address"}, "requiredness": "required"},
  {"id": 11, "name": "lines", "type": {"list": {"ref": "bench.Line"}}, "requiredness": "required"},
  {"id": 12, "name": "tags", "type": {"list": "string"}, "requiredness": "optional"}]}}})";

}  // namespace bascule::bench
