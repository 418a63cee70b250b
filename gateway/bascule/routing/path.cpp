#include "bascule/routing/path.hpp"

#include "bascule/routing/percent.hpp"

namespace bascule::routing {

std::string_view sentence(PathFault fault) noexcept {
  switch (fault) {
    case PathFault::none: break;
    case PathFault::not_absolute: return "the path must start with '/'";
    case PathFault::percent: return "the path has a '%' that is not followed by two hexadecimal digits";
    case PathFault::encoded_separator: return "the path must not hold %2F, %5C, %00 or a backslash";
    case PathFault::text: return "the path must be UTF-8 without control characters, once it is decoded";
    case PathFault::dot_segment: return "the path must not hold '.' or '..' segments; resolve them before sending";
    case PathFault::empty_segment: return "the path must not hold '//'";
    case PathFault::too_deep: return "the path has too many segments";
  }
  return "";
}

PathFault Path::normalise(std::string_view raw) {
  segments.clear();
  decoded_.clear();
  last_raw = {};
  if (raw.empty() || raw.front() != '/') return PathFault::not_absolute;
  // Decoding only shortens, so views into decoded_ stay where they are.
  if (raw.find('%') != std::string_view::npos) decoded_.reserve(raw.size());
  std::size_t start = 1;
  for (;;) {
    const std::size_t slash = raw.find('/', start);
    const bool last = slash == std::string_view::npos;
    const std::string_view segment = raw.substr(start, last ? last_raw.npos : slash - start);
    if (segments.size() == max_segments) return PathFault::too_deep;
    if (const PathFault fault = add(segment, last); fault != PathFault::none) return fault;
    if (last) return PathFault::none;
    start = slash + 1;
  }
}

PathFault Path::add(std::string_view raw_segment, bool last) {
  if (raw_segment.empty() && !last) return PathFault::empty_segment;
  std::string_view segment = raw_segment;
  if (raw_segment.find('%') != std::string_view::npos) {
    const std::size_t start = decoded_.size();
    if (!decode(raw_segment, false, decoded_)) return PathFault::percent;
    segment = std::string_view(decoded_).substr(start);
  }
  for (const char c : segment) {
    if (c == '/' || c == '\\' || c == '\0') return PathFault::encoded_separator;
  }
  if (!is_clean_utf8(segment)) return PathFault::text;
  if (segment == "." || segment == "..") return PathFault::dot_segment;
  segments.push_back(segment);
  last_raw = raw_segment;
  return PathFault::none;
}

}  // namespace bascule::routing
