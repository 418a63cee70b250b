// Routes: which operation a method and a target name.
//
//   GET    /api/openapi.json
//   GET    /api/v1/queues ?prefix= &after= &limit=
//   GET    PUT DELETE /api/v1/queues/{address}
//   GET    /api/v1/queues/{address}/messages ?count= &scheduled= &encoded=
//   POST   /api/v1/queues/{address}/purge | cancel | move | redrive
//   GET    /api/v1/jobs, GET DELETE /api/v1/jobs/{id}
//
// An address is one percent-encoded segment. HEAD is GET. What a target holds besides is refused, not passed over.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "bascule/admin/problem.hpp"

namespace bascule::admin {

enum class Action : std::uint8_t {
  document,
  list,
  show,
  declare,
  remove,
  peek,
  purge,
  cancel,
  move,
  redrive,
  jobs,
  job,
  cancel_job,
};
std::string_view to_string(Action action) noexcept;
/// Does its request have a body?
bool takes_body(Action action) noexcept;

struct Route {
  Action action = Action::list;
  std::string name = {};                          ///< an address, or a job's id
  std::map<std::string, std::string> query = {};  ///< decoded; parameters that the action knows

  /// A parameter as a number or a boolean; `problem` is set when it is none.
  std::optional<std::uint64_t> count(const std::string& parameter, std::uint64_t least, std::uint64_t most,
                                     std::optional<Problem>& problem) const;
  bool flag(const std::string& parameter, std::optional<Problem>& problem) const;
  std::string text(const std::string& parameter) const;
};

struct NotRouted {
  Problem problem;
  std::string allow = {};  ///< of a 405
};

std::variant<Route, NotRouted> route(std::string_view method, std::string_view target);
/// Percent-encoded, so that it is one segment.
std::string encode_segment(std::string_view text);

}  // namespace bascule::admin
