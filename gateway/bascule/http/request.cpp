#include "bascule/http/request.hpp"

#include "bascule/http/syntax.hpp"

namespace bascule::http {
namespace {

std::string_view origin_form(std::string_view target) {
  if (target.empty() || target.front() == '/' || target.front() == '*') return target;
  const std::size_t authority = target.find("://");
  if (authority == std::string_view::npos) return target;
  const std::size_t slash = target.find('/', authority + 3);
  return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (syntax::lower(a[i]) != syntax::lower(b[i])) return false;
  }
  return true;
}

}  // namespace

const std::string_view* Request::find(std::string_view lower_name) const noexcept {
  for (const Field& field : fields) {
    if (syntax::iequals(field.name, lower_name)) return &field.value;
  }
  return nullptr;
}

std::string_view Request::value(std::string_view lower_name) const noexcept {
  const std::string_view* found = find(lower_name);
  return found == nullptr ? std::string_view{} : *found;
}

std::string_view Request::path() const noexcept {
  const std::string_view origin = origin_form(target);
  return origin.substr(0, origin.find('?'));
}

std::string_view Request::query() const noexcept {
  const std::size_t question = target.find('?');
  return question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
}

void Request::drop_hop_by_hop() {
  const std::string_view* connection = find("connection");
  if (connection == nullptr) return;
  const std::string_view nominated = *connection;
  std::erase_if(fields, [nominated](const Field& field) {
    bool drop = syntax::iequals(field.name, "connection");
    syntax::for_each_item(nominated, [&](std::string_view name) { drop = drop || same_name(field.name, name); });
    return drop;
  });
}

void Request::clear() noexcept {
  fields.clear();
  method = target = body = {};
  bytes = 0;
  keep_alive = true;
  http_1_0 = false;
}

}  // namespace bascule::http
