// JSON to Thrift compact: walks simdjson's structural index against a plan and writes each value as it is
// met.
//
// Internal to this folder. Each method reads one construct, leaves the cursor behind it and returns true; or
// records the Problem and returns false, after which the encoder is done.
#pragma once

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
  /// Which fields of one struct were met: bits, on the stack for up to 64 fields.
  struct Seen {
    explicit Seen(std::size_t fields) {
      if (fields > 64) more.assign(fields / 64, 0);
    }
    bool test(std::uint32_t i) const noexcept {
      return ((i < 64 ? first : more[i / 64 - 1]) >> (i & 63) & 1) != 0;
    }
    void set(std::uint32_t i) noexcept {
      (i < 64 ? first : more[i / 64 - 1]) |= std::uint64_t{1} << (i & 63);
    }

    std::uint64_t first = 0;
    std::vector<std::uint64_t> more;
    std::uint32_t count = 0;
  };
  struct Token {
    const char* begin;
    std::size_t size;
    std::string_view view() const noexcept { return {begin, size}; }
  };

  // encoder.cpp: objects and fields
  bool members(const StructPlan& plan, const Overlay* overlay, Seen& seen);
  bool member(const StructPlan& plan, const Overlay* overlay, Seen& seen, std::uint32_t& hint);
  std::uint32_t find_field(const StructPlan& plan, const char* key);
  bool unknown_member(const StructPlan& plan, const char* key);
  bool field(const FieldPlan& plan, const Overlay* overlay);
  bool complete(const StructPlan& plan, const Overlay* overlay, const Seen& seen, std::uint32_t object_at);
  void write_default(const FieldPlan& plan);

  // encoder_scalar.cpp
  bool boolean(bool& value);
  bool integer(std::int64_t& value, thrift::Kind kind);
  bool real(double& value);
  bool string(const thrift::Checks* checks);
  bool binary(const thrift::Checks* checks);
  bool uuid();
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
  bool parameter(const TypePlan& type, const thrift::Checks* checks, std::string_view text,
                 const Overlay::Item& item);
  bool parameter_integer(const TypePlan& type, std::string_view text, std::int64_t& value,
                         const Overlay::Item& item);
  bool wrong_parameter(const Overlay::Item& item, Wrong wrong, std::string what, std::string expected = {});

  // failures
  [[gnu::cold, gnu::noinline]] bool fail(Wrong wrong, std::size_t at, std::string what,
                                         std::string expected = {});
  [[gnu::cold, gnu::noinline]] bool wrong_type(std::string_view expected);
  [[gnu::cold, gnu::noinline]] bool expected_token(std::string_view what);
  [[gnu::cold, gnu::noinline]] bool broken(std::size_t at, const std::string& rule);
  [[gnu::cold, gnu::noinline]] bool missing(std::size_t object_at, std::string_view field_name);

  bool passed(const std::string* rule, std::size_t at) { return !rule || broken(at, *rule); }
  char peek() const noexcept { return text_[*at_]; }
  /// Whether a number or literal may end at p.
  bool ends(const char* p) const noexcept;
  bool enter() { return ++depth_ <= options_.json_depth || too_deep(); }
  bool too_deep();

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
