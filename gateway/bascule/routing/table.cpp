#include "bascule/routing/table.hpp"

#include <algorithm>

namespace bascule::routing {
namespace {

template <class Entries>
auto lower(Entries& entries, std::string_view key) {
  return std::lower_bound(entries.begin(), entries.end(), key,
                          [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
}

template <class Value>
const Value* find_entry(const std::vector<std::pair<std::string, Value>>& entries, std::string_view key) {
  const auto at = lower(entries, key);
  return at != entries.end() && at->first == key ? &at->second : nullptr;
}

}  // namespace

Table::Table() : nodes_(1) {}

Table::NodeId Table::child(NodeId parent, const TemplateSegment& segment) const {
  const Node& node = nodes_[parent];
  if (segment.variable && segment.verb.empty()) return node.variable;
  const NodeId* found =
      segment.variable ? find_entry(node.verbs, segment.verb) : find_entry(node.literals, segment.text);
  return found == nullptr ? none : *found;
}

Table::NodeId Table::make_child(NodeId parent, const TemplateSegment& segment) {
  if (const NodeId existing = child(parent, segment); existing != none) return existing;
  const auto made = static_cast<NodeId>(nodes_.size());
  nodes_.emplace_back();
  Node& node = nodes_[parent];
  if (!segment.variable) {
    node.literals.emplace(lower(node.literals, segment.text), segment.text, made);
  } else if (!segment.verb.empty()) {
    node.verbs.emplace(lower(node.verbs, segment.verb), segment.verb, made);
  } else {
    node.variable = made;
  }
  return made;
}

std::optional<RouteId> Table::conflict(std::string_view method, const Template& path) const {
  NodeId node = 0;
  for (const TemplateSegment& segment : path.segments) {
    node = child(node, segment);
    if (node == none) return std::nullopt;
  }
  const RouteId* route = find_entry(nodes_[node].methods, method);
  return route == nullptr ? std::nullopt : std::optional(*route);
}

void Table::add(std::string_view method, const Template& path, RouteId route) {
  NodeId node = 0;
  for (const TemplateSegment& segment : path.segments) node = make_child(node, segment);
  auto& methods = nodes_[node].methods;
  methods.emplace(lower(methods, method), std::string(method), route);
}

void Table::find(std::string_view method, const Path& path, Match& match) const {
  match.values.clear();
  match.allowed.clear();
  match.kind = Match::Kind::no_path;
  if (path.segments.empty() || walk(0, 0, method, path, match)) return;
  if (match.allowed.empty()) return;
  match.kind = Match::Kind::no_method;
  std::sort(match.allowed.begin(), match.allowed.end());
  match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()), match.allowed.end());
}

// The number of steps is bounded by the templates' own tree: a path can enter a branch only where one was
// added.
bool Table::walk(NodeId at, std::size_t depth, std::string_view method, const Path& path, Match& match) const {
  if (depth == path.segments.size()) return arrive(at, method, match);
  const Node& node = nodes_[at];
  const std::string_view segment = path.segments[depth];
  if (const NodeId* literal = find_entry(node.literals, segment)) {
    if (walk(*literal, depth + 1, method, path, match)) return true;
  }
  if (segment.empty()) return false;  // a variable holds at least one character
  if (depth + 1 == path.segments.size() && walk_last(at, method, path, match)) return true;
  if (node.variable == none) return false;
  match.values.push_back(segment);
  if (walk(node.variable, depth + 1, method, path, match)) return true;
  match.values.pop_back();
  return false;
}

// {name}:verb. The ':' must be there as sent: "%3Acancel" belongs to the value.
bool Table::walk_last(NodeId at, std::string_view method, const Path& path, Match& match) const {
  const std::size_t colon = path.last_raw.rfind(':');
  if (nodes_[at].verbs.empty() || colon == std::string_view::npos || colon == 0) return false;
  const std::string_view verb = path.last_raw.substr(colon);
  const NodeId* next = find_entry(nodes_[at].verbs, verb);
  if (next == nullptr) return false;
  std::string_view value = path.segments.back();
  value.remove_suffix(verb.size());
  match.values.push_back(value);
  if (arrive(*next, method, match)) return true;
  match.values.pop_back();
  return false;
}

bool Table::arrive(NodeId at, std::string_view method, Match& match) const {
  const auto& methods = nodes_[at].methods;
  if (const RouteId* route = find_entry(methods, method)) {
    match.kind = Match::Kind::found;
    match.route = *route;
    return true;
  }
  for (const auto& [allowed, route] : methods) match.allowed.push_back(allowed);
  return false;
}

}  // namespace bascule::routing
