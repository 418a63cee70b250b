// Body: a request's JSON object, read strictly: known members only, each once, each of its type and within its bounds.
//
//   Body body(text);
//   const auto limit = body.count("limit", 1, 1'000'000);
//   body.finish();
//   if (body.problem()) ...   // 400, with the JSON pointer
//
// What is wrong first is what is told. An empty text is an empty object. Thread safety: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "bascule/admin/problem.hpp"

namespace bascule::admin {

class Body {
 public:
  explicit Body(std::string_view json);

  /// Absent members give none, and so do wrong ones, which are then the problem. Null is wrong: leave the member out.
  std::optional<std::string> text(const std::string& name, std::size_t longest = 1024);
  std::optional<std::uint64_t> count(const std::string& name, std::uint64_t least, std::uint64_t most);
  std::optional<double> number(const std::string& name, double least, double most);
  void require(const std::string& name);
  /// Whatever was not asked for is unknown.
  void finish();
  const std::optional<Problem>& problem() const noexcept { return problem_; }

 private:
  struct Other {
    const char* what;
  };
  using Value = std::variant<std::string, std::int64_t, std::uint64_t, double, Other>;
  const Value* find(const std::string& name);
  void wrong(const std::string& name, const std::string& detail);
  void fail(std::string pointer, std::string detail);

  std::map<std::string, Value> members_;
  std::map<std::string, bool> asked_;
  std::optional<Problem> problem_;
};

}  // namespace bascule::admin
