// Table: which route serves a method and path. Built once, then only read: to change routes, build another
// and swap it.
//
// What: a tree of segments. A literal goes before a variable with a verb (":cancel"), and that before a plain
// variable; when the better match does not serve the method, the others are tried. Route ids are the caller's
// own. Thread safety: const members from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bascule/routing/path.hpp"
#include "bascule/routing/template.hpp"

namespace bascule::routing {

using RouteId = std::uint32_t;

struct Match {
  enum class Kind : std::uint8_t {
    found,      ///< `route` serves it
    no_method,  ///< the path exists, with the methods in `allowed` only
    no_path,    ///< nothing is there
  };
  Kind kind = Kind::no_path;
  RouteId route = 0;
  std::vector<std::string_view> values;   ///< of the template's variables, in order; views of the Path
  std::vector<std::string_view> allowed;  ///< sorted; views of the Table
};

class Table {
 public:
  Table();
  /// The id of the route that is in the way: same method, and a template that matches the same paths.
  std::optional<RouteId> conflict(std::string_view method, const Template& path) const;
  /// Adds a route that has no conflict.
  void add(std::string_view method, const Template& path, RouteId route);
  /// Fills in `match`, whose memory is reused.
  void find(std::string_view method, const Path& path, Match& match) const;

 private:
  using NodeId = std::uint32_t;
  static constexpr NodeId none = 0;  // the root is nobody's child
  struct Node {
    std::vector<std::pair<std::string, NodeId>> literals;  // sorted
    std::vector<std::pair<std::string, NodeId>> verbs;     // {name}:verb, sorted
    NodeId variable = none;
    std::vector<std::pair<std::string, RouteId>> methods;  // sorted; what ends here
  };
  NodeId child(NodeId parent, const TemplateSegment& segment) const;
  NodeId make_child(NodeId parent, const TemplateSegment& segment);
  bool walk(NodeId node, std::size_t depth, std::string_view method, const Path& path, Match& match) const;
  bool walk_last(NodeId node, std::string_view method, const Path& path, Match& match) const;
  bool arrive(NodeId node, std::string_view method, Match& match) const;

  std::vector<Node> nodes_;
};

}  // namespace bascule::routing
