#include "bascule/transcode/locate.hpp"

#include <vector>

#include "bascule/thrift/utf8.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::transcode {
namespace {

struct Level {
  bool object = false;
  bool in_key = true;     ///< of an object: a key comes next
  std::size_t index = 0;  ///< of an array
  std::string_view key;   ///< of an object: the raw text of the last key
};

/// The offset behind the string that begins at the quote `at`.
std::size_t string_end(std::string_view json, std::size_t at) noexcept {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at + 1, json.size());
}

void step(std::vector<Level>& levels, std::string_view json, std::size_t& at) {
  const char c = json[at];
  if (c == '"') {
    const std::size_t end = string_end(json, at);
    if (!levels.empty() && levels.back().object && levels.back().in_key && end > at + 1) {
      levels.back().key = json.substr(at + 1, end - at - 2);
    }
    at = end;
    return;
  }
  if (c == '{' || c == '[') {
    levels.push_back({c == '{', true, 0, {}});
  } else if ((c == '}' || c == ']') && !levels.empty()) {
    levels.pop_back();
  } else if (c == ':' && !levels.empty()) {
    levels.back().in_key = false;
  } else if (c == ',' && !levels.empty()) {
    levels.back().in_key = true;
    ++levels.back().index;
    levels.back().key = {};
  }
  ++at;
}

}  // namespace

void append_step(std::string& pointer, std::string_view step_name) {
  pointer += '/';
  for (const char c : step_name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

std::string pointer_at(std::string_view json, std::size_t offset) {
  std::vector<Level> levels;
  std::size_t at = 0;
  while (at < offset && at < json.size()) {
    if (json[at] == '"' && string_end(json, at) > offset) break;  // the offset is inside this string
    step(levels, json, at);
  }
  if (at < json.size() && json[at] == '"') step(levels, json, at);  // a key is part of its own path
  std::string pointer;
  for (const Level& level : levels) {
    if (!level.object) {
      append_step(pointer, std::to_string(level.index));
    } else if (level.key.data()) {
      std::string key;
      append_step(pointer, unescape(level.key, key) ? key : std::string(level.key));
    }
  }
  return pointer;
}

std::size_t first_bad_utf8(std::string_view text) noexcept {
  std::size_t good = 0, bad = text.size();  // the longest valid prefix, by halving: validity of prefixes is
                                            // monotone but for cut tails
  while (bad - good > 4) {
    std::size_t middle = good + (bad - good) / 2;
    while (middle > good && (static_cast<unsigned char>(text[middle]) & 0xc0) == 0x80) --middle;
    if (middle == good) break;
    if (thrift::valid_utf8(text.substr(0, middle))) {
      good = middle;
    } else {
      bad = middle;
    }
  }
  while (good < text.size()) {
    std::size_t length = 1;
    while (length < 4 && good + length < text.size() &&
           (static_cast<unsigned char>(text[good + length]) & 0xc0) == 0x80) {
      ++length;
    }
    if (!thrift::valid_utf8(text.substr(good, length))) return good;
    good += length;
  }
  return good;
}

std::size_t first_control_in_string(std::string_view json) noexcept {
  bool inside = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '"') inside = !inside;
    if (inside && json[at] == '\\') ++at;
    if (inside && at < json.size() && static_cast<unsigned char>(json[at]) < 0x20) return at;
  }
  return 0;
}

std::size_t last_string(std::string_view json) noexcept {
  std::size_t last = 0;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      last = at;
      at = string_end(json, at);
    } else {
      ++at;
    }
  }
  return last;
}

std::string_view kind_at(char first) noexcept {
  switch (first) {
    case '{': return "an object";
    case '[': return "an array";
    case '"': return "a string";
    case 't':
    case 'f': return "a boolean";
    case 'n': return "null";
    case '\0': return "the end";
    default: break;
  }
  if (first == '-' || (first >= '0' && first <= '9')) return "a number";
  return "something that is not JSON";
}

}  // namespace bascule::transcode
