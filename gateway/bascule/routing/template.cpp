#include "bascule/routing/template.hpp"

#include <algorithm>

#include "bascule/routing/path.hpp"

namespace bascule::routing {
namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(Errc::invalid_argument, "route template '" + std::string(text) + "': " + why);
}

TemplateSegment segment(std::string_view whole, std::string_view text, bool last) {
  if (text.empty()) refuse(whole, "a segment is empty");
  if (text.front() != '{') {
    if (text.find_first_of("{}*%") != std::string_view::npos)
      refuse(whole, "a variable must be a whole segment: {name}");
    return {std::string(text), false, {}};
  }
  const std::size_t close = text.find('}');
  if (close == std::string_view::npos || close == 1) refuse(whole, "a variable must be a whole segment: {name}");
  const std::string_view name = text.substr(1, close - 1), rest = text.substr(close + 1);
  if (name.find_first_of("{=*") != std::string_view::npos) refuse(whole, "only {name} is known, which is one segment");
  if (!rest.empty() && (rest.front() != ':' || rest.size() == 1 || !last))
    refuse(whole, "only ':verb' may follow a variable, at the end");
  return {std::string(name), true, std::string(rest)};
}

}  // namespace

Template Template::parse(std::string_view text) {
  if (text.empty() || text.front() != '/') refuse(text, "it must start with '/'");
  Template result;
  for (std::size_t start = 1; start <= text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    result.segments.push_back(segment(text, text.substr(start, end - start), end == text.size()));
    start = end + 1;
  }
  if (result.segments.size() > Path::max_segments) refuse(text, "it has too many segments");
  auto names = result.variables();
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) refuse(text, "a variable is named twice");
  return result;
}

std::vector<std::string> Template::variables() const {
  std::vector<std::string> names;
  for (const TemplateSegment& each : segments) {
    if (each.variable) names.push_back(each.text);
  }
  return names;
}

}  // namespace bascule::routing
