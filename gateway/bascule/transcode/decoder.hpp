// Thrift compact to JSON: walks the bytes against a plan and writes JSON as it goes. Internal to this folder.
//
// The bytes are not trusted: sizes, depth and the size of the JSON are bounded, and whatever they are, the
// outcome is JSON that the contract allows or a Problem.
#pragma once

#include <string_view>

#include "bascule/thrift/compact.hpp"
#include "bascule/transcode/json_writer.hpp"
#include "bascule/transcode/problem.hpp"
#include "bascule/transcode/schema.hpp"
#include "bascule/transcode/value.hpp"

namespace bascule::transcode {

class Decoder {
 public:
  Decoder(thrift::CompactReader& in, JsonWriter& out, const Options& options, Problem& problem)
      : in_(in), out_(out), options_(options), problem_(problem), start_(out.size()) {}

  bool value(const TypePlan& type);
  bool structure(const StructPlan& plan);
  /// Nothing may follow.
  bool close();
  /// The reader's own fault as the Problem, if it has one.
  bool sound() { return in_.ok() || unsound(); }

 private:
  bool sequence(const TypePlan& type);
  bool map(const TypePlan& type);
  bool object_key(const TypePlan& key);
  bool unique(const TypePlan& type, std::size_t first_span, const char* what);
  bool complete(const StructPlan& plan, std::uint64_t seen, const std::vector<std::uint64_t>& more, unsigned count);
  bool string() {
    const std::string_view text = in_.binary();
    return out_.string(text, text.size() + in_.remaining()) || fail(Wrong::utf8, "a string is not UTF-8");
  }
  void enumeration(const EnumPlan& plan, std::int32_t value);
  bool enter() { return ++depth_ <= options_.json_depth || fail(Wrong::depth, "the reply is nested too deep"); }
  bool small_enough() {
    return out_.size() - start_ <= options_.json || fail(Wrong::size, "the reply's JSON is too large");
  }
  [[gnu::cold, gnu::noinline]] bool fail(Wrong wrong, std::string what, std::string expected = {});
  [[gnu::cold, gnu::noinline]] bool unsound();

  /// One element of a set, or key of a map: where it is in the bytes and in the JSON.
  struct Span {
    std::string_view bytes;
    std::size_t begin, end;
  };

  thrift::CompactReader& in_;
  JsonWriter& out_;
  const Options& options_;
  Problem& problem_;
  std::size_t start_;
  unsigned depth_ = 0;
  std::vector<Span> spans_;
};

}  // namespace bascule::transcode
