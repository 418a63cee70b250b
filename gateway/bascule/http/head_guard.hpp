// HeadGuard: the framing policy over the raw bytes of a request's head, before the parser sees them.
//
// Why: parsers are lenient in different ways, and every difference between two of them is a smuggling hole.
// Beast 1.81 takes a Transfer-Encoding that is not `chunked`, obs-fold, a repeated Content-Length, none or
// two Hosts, and bytes over 0x7f in a target. The guard refuses all of that, line by line, so that what
// reaches the parser has one meaning. What: feed() is called with all bytes of the message so far, and looks
// at each line once. Thread safety: none of its own.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "bascule/http/field_rules.hpp"
#include "bascule/http/limits.hpp"

namespace bascule::http {

class HeadGuard {
 public:
  enum class State {
    need_more,  ///< the head has not ended
    done,       ///< size() bytes are a head that is let through
    refused,    ///< rejection() says why
  };

  explicit HeadGuard(const Limits& limits) : limits_(&limits) {}

  /// `bytes` starts at the message's first byte and grows from call to call; it may move in memory until
  /// done.
  State feed(std::string_view bytes);

  const Rejection& rejection() const noexcept { return rejection_; }
  /// Bytes of the head, its empty line included.
  std::size_t size() const noexcept { return scanned_; }
  std::size_t field_count() const noexcept { return fields_; }
  const FieldRules& rules() const noexcept { return rules_; }
  bool http_1_0() const noexcept { return minor_ == 0; }

 private:
  State refuse(const Rejection& rejection);
  State request_line(std::string_view line);
  State check_target(std::string_view method, std::string_view target);
  State field_line(std::string_view bytes, std::string_view line);
  State finish(std::string_view bytes);
  State too_long(std::size_t bytes);

  const Limits* limits_;
  FieldRules rules_;
  Rejection rejection_;
  std::size_t scanned_ = 0;   ///< start of the first line not looked at
  std::size_t searched_ = 0;  ///< up to here there is no line feed after scanned_
  std::size_t lines_ = 0, fields_ = 0;
  std::size_t method_size_ = 0, authority_at_ = 0, authority_size_ = 0, host_at_ = 0, host_size_ = 0;
  int minor_ = 1;
};

}  // namespace bascule::http
