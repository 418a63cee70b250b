#include "bascule/thrift/pattern.hpp"

#include <re2/re2.h>

#include <stdexcept>
#include <string>

namespace bascule::thrift {

struct Pattern::Compiled {
  re2::RE2 expression;
};

// StringPiece is std::string_view-like in RE2 of 2023 and before, absl::string_view later; both take a pointer and a size.
Pattern::Pattern(std::string_view expression, Of what) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  if (what == Of::bytes) options.set_encoding(re2::RE2::Options::EncodingLatin1);
  compiled_.reset(new Compiled{{re2::StringPiece(expression.data(), expression.size()), options}});
  if (!compiled_->expression.ok()) throw std::invalid_argument(compiled_->expression.error());
}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::matches(std::string_view text) const noexcept {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

}  // namespace bascule::thrift
