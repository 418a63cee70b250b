#include "bascule/contract/checks.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <stdexcept>

#include "bascule/loop/error.hpp"

namespace bascule::contract {

std::string Path::str() const {
  std::string text = parent_ != nullptr ? parent_->str() : std::string();
  if (index_ != no_index) return text += '[' + std::to_string(index_) + ']';
  if (!text.empty()) text += '.';
  return text += name_;
}

void broken(const Path& at, std::string_view rule) {
  throw Error(Errc::invalid_argument, at.str() + ' ' + std::string(rule));
}

std::size_t code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

struct Pattern::Compiled {
  re2::RE2 expression;
};

Pattern::Pattern(std::string_view expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  compiled_.reset(new Compiled{{re2::StringPiece(expression.data(), expression.size()), options}});
  if (!compiled_->expression.ok()) {
    throw std::invalid_argument("vt.pattern \"" + std::string(expression) + "\": " + compiled_->expression.error());
  }
}
Pattern::~Pattern() = default;

bool Pattern::matches(std::string_view text) const noexcept {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

}  // namespace bascule::contract
