#include "bascule/contract/checks.hpp"

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

}  // namespace bascule::contract
