#include "bascule/transcode/problem.hpp"

namespace bascule::transcode {

std::string_view to_string(Wrong wrong) noexcept {
  switch (wrong) {
    case Wrong::none: return "none";
    case Wrong::syntax: return "syntax";
    case Wrong::utf8: return "utf8";
    case Wrong::escape: return "escape";
    case Wrong::depth: return "depth";
    case Wrong::type: return "type";
    case Wrong::range: return "range";
    case Wrong::format: return "format";
    case Wrong::unknown: return "unknown_field";
    case Wrong::missing: return "missing";
    case Wrong::duplicate: return "duplicate";
    case Wrong::one_of: return "one_of";
    case Wrong::check: return "check";
    case Wrong::size: return "size";
    case Wrong::thrift: return "thrift";
  }
  return "unknown";
}

std::string_view to_string(Source source) noexcept {
  switch (source) {
    case Source::body: return "body";
    case Source::path: return "path";
    case Source::query: return "query";
    case Source::header: return "header";
    case Source::cookie: return "cookie";
    case Source::reply: return "reply";
  }
  return "unknown";
}

}  // namespace bascule::transcode
