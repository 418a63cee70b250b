// What the transcoder's tests share: the schema, and short forms of both directions.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "bascule/transcode/value.hpp"
#include "unit/transcode/shop.hpp"

namespace bascule::transcode::test {

inline const Schema& schema() {
  static const auto made = Schema::make(std::make_shared<thrift::Descriptor>(thrift::Descriptor::parse(contract)));
  return *made;
}

struct Encoded {
  bool ok = false;
  std::string bytes;
  Problem problem;
};

inline Encoded encode(const std::string& type, std::string_view json, const Options& options = {}) {
  static Workspace workspace;
  Encoded result;
  result.ok = json_to_value(*schema().type(type), json, workspace, result.bytes, result.problem, options);
  return result;
}

struct Decoded {
  bool ok = false;
  std::string json;
  Problem problem;
};

inline Decoded decode(const std::string& type, std::string_view bytes, const Options& options = {}) {
  // From an allocation of its own, so that a sanitizer sees a read past the end.
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  Decoded result;
  result.ok = value_to_json(*schema().type(type), {copy.get(), bytes.size()}, result.json, result.problem, options);
  return result;
}

inline std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[c & 15];
  }
  return text;
}

}  // namespace bascule::transcode::test
