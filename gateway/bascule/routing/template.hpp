// Template: a route's path as the contract gives it: "/v1/orders/{id}", "/v1/orders/{id}:cancel".
// Thread safety: a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bascule/loop/error.hpp"

namespace bascule::routing {

struct TemplateSegment {
  std::string text;  ///< a literal's text, or a variable's name
  bool variable = false;
  std::string verb;  ///< ":cancel" behind a variable in the last segment; empty: none
};

struct Template {
  std::vector<TemplateSegment> segments;

  /// Throws Error(Errc::invalid_argument) with a sentence that names the template.
  static Template parse(std::string_view text);
  std::vector<std::string> variables() const;
};

}  // namespace bascule::routing
