// JSON to Thrift compact: walks simdjson's structural index against a plan and writes each value as it is
// met.
//
// Internal to this folder. Each method reads one construct, leaves the cursor behind it and returns true; or
// records the Problem and returns false, after which the encoder is done.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/thrift/compact.hpp"
#include "bascule/transcode/overlay.hpp"
#include "bascule/transcode/problem.hpp"
#include "bascule/transcode/schema.hpp"
#include "bascule/transcode/value.hpp"

namespace bascule::transcode {

class Encoder {
 public:
  Encoder(Workspace& workspace, thrift::CompactWriter& out, const Options& options, Problem& problem)
      : work_(workspace), out_(out), options_(options), problem_(problem) {}

  /// What overlays refer to; must outlive the encoder.
  void parameters(std::span<const Parameter> given) noexcept { parameters_ = given; }
  /// Begins a JSON text.
  bool open(std::string_view json);
  /// One value, as a container holds it.
  bool value(const TypePlan& type, const thrift::Checks* checks, const Overlay* overlay = nullptr);
  /// A struct from an object, or (json false) from the overlay alone.
  bool structure(const StructPlan& plan, const Overlay* overlay, bool json = true);
  /// Nothing may follow the value.
  bool close();
  /// What was written since start is no larger than a message may be.
  bool small_enough(std::size_t start);

 private:
  /// Which fields of one struct were met: bits, here for the first 64 fields, in the workspace for more.
  struct Seen {
    std::uint64_t first = 0;
    std::size_t more = 0;  ///< where its words begin in the workspace
    std::uint32_t count = 0;
  };
  struct Token {
    const char* begin;
    std::size_t size;
    std::string_view view() const noexcept { return {begin, size}; }
  };

  // encoder.cpp: objects and fields
  bool members(const StructPlan& plan, const Overlay* overlay, Seen& seen);
  const FieldPlan* find_field(const StructPlan& plan, const char* key);
  bool unknown_member(const StructPlan& plan, const char* key);
  bool null_field(const FieldPlan& plan);
  char* plain_field(const FieldPlan& plan, const std::uint32_t* at);
  bool field(const FieldPlan& plan, const Overlay* overlay);
  bool test(const Seen& seen, std::uint32_t field) const noexcept;
  bool meet(Seen& seen, std::uint32_t field);
  static const Overlay* inside(const Overlay& overlay, std::uint32_t field) noexcept;
  bool complete(const StructPlan& plan, const Overlay* overlay, const Seen& seen, std::uint32_t object_at);
  void write_default(const FieldPlan& plan);

  // encoder_scalar.cpp
  bool boolean(bool& value);
  bool integer(std::int64_t& value, thrift::Kind kind);
  bool real(double& value);
  bool string(const thrift::Checks* checks);
  char* string_at(char* to);
  char* escaped_string_at(char* to, const Token& raw);
  bool binary(const thrift::Checks* checks);
  bool uuid(const thrift::Checks* checks);
  bool enumeration(const EnumPlan& plan, std::int64_t& value);
  bool token(Token& token, std::string_view expected);
  bool decoded(const Token& token, std::string_view& text);

  // encoder_container.cpp
  bool sequence(const TypePlan& type, const thrift::Checks* checks);
  bool map(const TypePlan& type, const thrift::Checks* checks);
  bool object_entry(const TypePlan& type, const thrift::Checks* checks);
  bool pair_entry(const TypePlan& type, const thrift::Checks* checks);
  bool object_key(const TypePlan& key, const thrift::Checks* checks);
  bool unique(const TypePlan& type, std::size_t first_span, std::string_view what);
  void patch_list(std::size_t header, thrift::Type element, std::size_t count);
  void patch_map(std::size_t header, const TypePlan& type, std::size_t count);
  bool skip_value();

  // encoder_parameters.cpp: text from a path, query, header or cookie
  bool overlaid(const StructPlan& plan, const Overlay& overlay, Seen& seen);
  bool overlaid_structs(const StructPlan& plan, const Overlay& overlay, Seen& seen);
  bool given(const Overlay& overlay) const noexcept;
  std::size_t given(std::uint16_t binding) const noexcept;
  bool parameter_field(const FieldPlan& plan, const Overlay::Item& item);
  bool parameter_list(const FieldPlan& plan, const Overlay::Item& item);
  bool parameter(const TypePlan& type, const thrift::Checks* checks, std::string_view text, const Overlay::Item& item);
  bool parameter_integer(const TypePlan& type, std::string_view text, std::int64_t& value, const Overlay::Item& item);
  bool wrong_parameter(const Overlay::Item& item, Wrong wrong, std::string what, std::string expected = {});

  // failures
  [[gnu::cold, gnu::noinline]] bool wrong_integer(thrift::Kind kind);
  [[gnu::cold, gnu::noinline]] bool given_twice(const FieldPlan& plan);
  [[gnu::cold, gnu::noinline]] bool wrong_union(const StructPlan& plan, std::size_t at);
  [[gnu::cold, gnu::noinline]] bool fail(Wrong wrong, std::size_t at, std::string_view what,
                                         std::string_view expected = {});
  [[gnu::cold, gnu::noinline]] bool wrong_type(std::string_view expected);
  [[gnu::cold, gnu::noinline]] bool expected_token(std::string_view what);
  [[gnu::cold, gnu::noinline]] bool broken(std::size_t at, const std::string& rule);
  [[gnu::cold, gnu::noinline]] bool missing(std::size_t object_at, std::string_view field_name);

  bool passed(const std::string* rule, std::size_t at) { return !rule || broken(at, *rule); }
  char peek() const noexcept { return text_[*at_]; }
  /// Whether a number or literal may end at p: only the end mark is NUL, any other NUL is garbage.
  bool ends(const char* p) const noexcept { return ending(*p) || p == text_ + work_.scanner_.size(); }
  static bool ending(char c) noexcept {
    static constexpr auto table = [] {
      std::array<bool, 256> made{};
      for (const unsigned char each : {',', '}', ']', ' ', '\n', '\r', '\t'}) made[each] = true;
      return made;
    }();
    return table[static_cast<unsigned char>(c)];
  }
  bool enter() { return ++depth_ <= options_.json_depth || too_deep(); }
  [[gnu::cold, gnu::noinline]] bool too_deep();

  Workspace& work_;
  thrift::CompactWriter& out_;
  const Options& options_;
  Problem& problem_;
  std::span<const Parameter> parameters_;
  const char* text_ = nullptr;
  const std::uint32_t* at_ = nullptr;
  unsigned depth_ = 0;
};

}  // namespace bascule::transcode
