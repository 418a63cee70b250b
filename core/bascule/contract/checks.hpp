// What generated code uses to check `vt.*` annotations: where a value stands in the arguments, and what it
// breaks.
//
// A broken check throws Error(Errc::invalid_argument) whose message names the field by its path:
// `order.lines[2].quantity must be at least 1`. Thread safety: pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bascule/thrift/pattern.hpp"
#include "bascule/thrift/utf8.hpp"

namespace bascule::contract {

/// A place inside the arguments, as a list through the callers' frames: it costs nothing until it is written
/// out.
class Path {
 public:
  explicit Path(std::string_view name) noexcept : name_(name) {}
  Path(const Path& parent, std::string_view name) noexcept : parent_(&parent), name_(name) {}
  Path(const Path& parent, std::size_t index) noexcept : parent_(&parent), index_(index) {}

  std::string str() const;

 private:
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);
  const Path* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = no_index;
};

[[noreturn]] void broken(const Path& at, std::string_view rule);

using thrift::code_points;
using thrift::Pattern;

}  // namespace bascule::contract
