#include "bascule/http/head_guard.hpp"

#include "bascule/http/syntax.hpp"

namespace bascule::http {
namespace {

constexpr Rejection bare_line_end{400, "bare_line_end", "lines end with CR LF; a CR or LF alone is refused"};
constexpr Rejection bad_request_line{400, "request_line", "the request line must be: METHOD SP target SP HTTP/1.1"};
constexpr Rejection bad_target{400, "target", "the target must be a path that starts with '/', percent-encoded"};
constexpr Rejection bad_field{400, "field_syntax", "a field line must be: name ':' value, without control characters"};

}  // namespace

HeadGuard::State HeadGuard::refuse(const Rejection& rejection) {
  rejection_ = rejection;
  return State::refused;
}

HeadGuard::State HeadGuard::too_long(std::size_t bytes) {
  if (lines_ == 0 && bytes > limits_->request_line) {
    return refuse({414, "request_line_size", "the request line is longer than this server takes"});
  }
  if (bytes > limits_->head) return refuse({431, "head_size", "the header fields are larger than this server takes"});
  return State::need_more;
}

HeadGuard::State HeadGuard::feed(std::string_view bytes) {
  for (;;) {
    const std::size_t feed = bytes.find('\n', searched_);
    if (feed == std::string_view::npos) {
      searched_ = bytes.size();
      return too_long(bytes.size());
    }
    if (too_long(feed + 1) == State::refused) return State::refused;
    if (feed == scanned_ || bytes[feed - 1] != '\r') return refuse(bare_line_end);
    const std::string_view line = bytes.substr(scanned_, feed - 1 - scanned_);
    if (lines_ > 0 && line.empty()) return scanned_ = feed + 1, finish(bytes);
    const State state = lines_ == 0 ? request_line(line) : field_line(bytes, line);
    if (state == State::refused) return state;
    scanned_ = searched_ = feed + 1;
    ++lines_;
  }
}

HeadGuard::State HeadGuard::request_line(std::string_view line) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0) return refuse(bad_request_line);
  const std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!syntax::all_in(syntax::token, method)) return refuse(bad_request_line);
  if (version == "HTTP/1.1") {
    minor_ = 1;
  } else if (version == "HTTP/1.0") {
    minor_ = 0;
  } else if (version == "HTTP/2.0" || version == "HTTP/3.0") {
    return refuse({505, "version", "this port speaks HTTP/1.1"});
  } else {
    return refuse(bad_request_line);
  }
  if (method == "CONNECT" || method == "TRACE") return refuse({501, "method", "CONNECT and TRACE are not served"});
  method_size_ = method.size();
  return check_target(method, target);
}

HeadGuard::State HeadGuard::check_target(std::string_view method, std::string_view target) {
  if (target == "*") return method == "OPTIONS" ? State::need_more : refuse(bad_target);
  if (!target.empty() && target.front() != '/') {  // absolute-form: servers must take it (RFC 9112, 3.2.2)
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return refuse(bad_target);
    const std::string_view name = target.substr(0, scheme);
    if (!syntax::iequals(name, "http") && !syntax::iequals(name, "https")) return refuse(bad_target);
    const std::size_t start = scheme + 3, slash = target.find('/', start);
    if (slash == std::string_view::npos || slash == start) return refuse(bad_target);
    authority_at_ = method_size_ + 1 + start;
    authority_size_ = slash - start;
    if (!syntax::all_in(syntax::authority, target.substr(start, authority_size_))) return refuse(bad_target);
    target.remove_prefix(slash);
  }
  const std::size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  const std::string_view query = question == std::string_view::npos ? "" : target.substr(question + 1);
  const bool clean = !path.empty() && syntax::all_in(syntax::path, path) && syntax::all_in(syntax::query, query);
  return clean ? State::need_more : refuse(bad_target);
}

HeadGuard::State HeadGuard::field_line(std::string_view bytes, std::string_view line) {
  if (++fields_ > limits_->fields)
    return refuse({431, "field_count", "there are more header fields than this server takes"});
  if (line.front() == ' ' || line.front() == '\t') {
    return refuse({400, "obs_fold", "a field must be one line; folding is obsolete"});
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return refuse(bad_field);
  const std::string_view name = line.substr(0, colon), value = syntax::trim(line.substr(colon + 1));
  if (!syntax::all_in(syntax::token, name) || !syntax::is_field_value(value)) return refuse(bad_field);
  if (const auto rejection = rules_.take(name, value)) return refuse(*rejection);
  if (syntax::iequals(name, "host")) {  // an offset, because the bytes may move before the head is whole
    host_at_ = static_cast<std::size_t>(value.data() - bytes.data());
    host_size_ = value.size();
  }
  return State::need_more;
}

HeadGuard::State HeadGuard::finish(std::string_view bytes) {
  const auto rejection =
      rules_.finish(bytes.substr(0, method_size_), minor_, bytes.substr(authority_at_, authority_size_),
                    bytes.substr(host_at_, host_size_));
  if (rejection) return refuse(*rejection);
  if (rules_.content_length() > limits_->body) {
    return refuse({413, "body_size", "the body is larger than this server takes"});
  }
  return State::done;
}

}  // namespace bascule::http
