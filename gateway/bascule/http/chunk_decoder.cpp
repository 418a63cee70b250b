#include "bascule/http/chunk_decoder.hpp"

#include <algorithm>
#include <charconv>

#include "bascule/http/field_rules.hpp"
#include "bascule/http/syntax.hpp"

namespace bascule::http {
namespace {

constexpr Rejection bad_size{400, "chunk_size", "a chunk must start with its size in hexadecimal digits and CR LF"};
constexpr Rejection bad_end{400, "chunk_end", "a chunk's data must end with CR LF where its size says"};
constexpr Rejection bad_extension{400, "chunk_extension", "chunk extensions must be ;name or ;name=value, and short"};
constexpr Rejection bad_trailer{400, "trailer", "trailers must be plain fields that do not frame, route or authorise"};

// Length of a quoted-string at the start of `text`, quotes included; 0 when it is none.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

}  // namespace

ChunkDecoder::State ChunkDecoder::refuse(const Rejection& rejection) {
  rejection_ = rejection;
  return State::refused;
}

ChunkDecoder::State ChunkDecoder::feed(std::string_view bytes, std::size_t& consumed, std::string& body) {
  consumed = 0;
  while (consumed < bytes.size()) {
    const std::string_view rest = bytes.substr(consumed);
    if (part_ == Part::data) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      body.append(rest.substr(0, taken));
      consumed += taken;
      left_ -= taken;
      if (left_ == 0) part_ = Part::data_end;
    } else if (part_ == Part::data_end) {
      if (rest[0] != '\r' || (rest.size() > 1 && rest[1] != '\n')) return refuse(bad_end);
      if (rest.size() < 2) return State::need_more;
      consumed += 2;
      part_ = Part::size_line;
    } else {
      const std::size_t before = consumed;
      const State state = line(rest, consumed);
      if (state != State::need_more || consumed == before) return state;
    }
  }
  return State::need_more;
}

// One line of sizes or trailers; consumes nothing until the line is whole.
ChunkDecoder::State ChunkDecoder::line(std::string_view bytes, std::size_t& consumed) {
  const std::size_t limit = part_ == Part::size_line ? limits_->chunk_line : limits_->trailers - trailer_bytes_;
  const std::size_t feed = bytes.substr(0, limit + 1).find('\n');
  const Rejection& bad = part_ == Part::size_line ? bad_size : bad_trailer;
  if (feed == std::string_view::npos) {
    if (bytes.size() <= limit) return State::need_more;
    return part_ == Part::size_line ? refuse(bad_extension)
                                    : refuse({431, "trailer_size", "the trailers are too large"});
  }
  if (feed == 0 || bytes[feed - 1] != '\r') return refuse(bad);
  const std::string_view text = bytes.substr(0, feed - 1);
  consumed += feed + 1;
  if (part_ == Part::trailer) {
    trailer_bytes_ += feed + 1;
    if (text.empty()) return State::done;
    return trailer_line(text) ? State::need_more : refuse(bad_trailer);
  }
  if (!size_line(text)) return State::refused;
  part_ = left_ == 0 ? Part::trailer : Part::data;
  return State::need_more;
}

bool ChunkDecoder::size_line(std::string_view text) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), left_, 16);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || digits == 0 || digits > 16) return refuse(bad_size), false;
  const std::string_view rest = text.substr(digits);
  if (!rest.empty() && rest.front() != ';') return refuse(bad_size), false;
  extension_bytes_ += rest.size();
  if (extension_bytes_ > limits_->chunk_extensions || !extensions(rest)) return refuse(bad_extension), false;
  if (left_ > limits_->body - total_) {
    return refuse({413, "body_size", "the body is larger than this server takes"}), false;
  }
  total_ += left_;
  return true;
}

bool ChunkDecoder::extensions(std::string_view text) {
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    const std::size_t name_end = std::min(text.find_first_of(";="), text.size());
    if (name_end == 0 || !syntax::all_in(syntax::token, text.substr(0, name_end))) return false;
    text.remove_prefix(name_end);
    if (text.empty() || text.front() != '=') continue;
    text.remove_prefix(1);
    const bool quoted = !text.empty() && text.front() == '"';
    const std::size_t value_end = quoted ? quoted_length(text) : std::min(text.find(';'), text.size());
    const std::string_view value = text.substr(0, value_end);
    if (value_end == 0 || !(quoted ? syntax::is_field_value(value) : syntax::all_in(syntax::token, value)))
      return false;
    text.remove_prefix(value_end);
  }
  return true;
}

bool ChunkDecoder::trailer_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  return syntax::all_in(syntax::token, name) && syntax::is_field_value(line.substr(colon + 1)) &&
         !forbidden_in_trailers(name);
}

}  // namespace bascule::http
