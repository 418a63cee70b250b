#include "bascule/gateway/aggregate.hpp"

#include <algorithm>

#include "bascule/routing/table.hpp"

namespace bascule::gateway {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> pieces;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    pieces.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return pieces;
}

PathPiece reference(const Aggregate& aggregate, const config::Section& section, std::string_view name) {
  const auto variables = aggregate.variables.variables();
  PathPiece piece{std::string(name), PathPiece::Kind::variable, 0, {}};
  const auto variable = std::find(variables.begin(), variables.end(), name);
  if (variable != variables.end()) {
    piece.index = static_cast<std::size_t>(variable - variables.begin());
    return piece;
  }
  piece.kind = PathPiece::Kind::part;
  piece.keys = split(name, '.');
  const std::string part = piece.keys.front();
  piece.keys.erase(piece.keys.begin());
  const auto found = std::find_if(aggregate.parts.begin(), aggregate.parts.end(),
                                  [&part](const Part& each) { return each.name == part; });
  if (found == aggregate.parts.end() || piece.keys.empty()) {
    throw section.error("get", "{" + std::string(name) + "} is neither a variable of " + aggregate.path +
                                   " nor {part.field} of a part that stands before this one");
  }
  piece.index = static_cast<std::size_t>(found - aggregate.parts.begin());
  return piece;
}

Part read_part(const Aggregate& aggregate, const config::Section& section) {
  Part part;
  part.name = section.required_string("name");
  part.required = section.boolean("required", false);
  const std::string get = section.required_string("get");
  if (get.empty() || get.front() != '/') throw section.error("get", "must be the path of a route and start with '/'");
  if (part.name.empty() || part.name == "errors")
    throw section.error("name", "'" + part.name + "' cannot be a part's name");
  for (const Part& other : aggregate.parts) {
    if (other.name == part.name) throw section.error("name", "'" + part.name + "' is there twice");
  }
  for (std::size_t at = 0; at < get.size();) {
    const std::size_t open = std::min(get.find('{', at), get.size());
    if (open > at) part.path.push_back({get.substr(at, open - at), PathPiece::Kind::literal, 0, {}});
    if (open == get.size()) break;
    const std::size_t close = get.find('}', open);
    if (close == std::string::npos) throw section.error("get", "a '{' is not closed");
    part.path.push_back(reference(aggregate, section, std::string_view(get).substr(open + 1, close - open - 1)));
    if (part.path.back().kind == PathPiece::Kind::part) part.after.push_back(part.path.back().index);
    at = close + 1;
  }
  return part;
}

Aggregate read_aggregate(const config::Section& section) {
  Aggregate aggregate;
  aggregate.path = section.required_string("path");
  try {
    aggregate.variables = routing::Template::parse(aggregate.path);
  } catch (const Error& error) {
    throw section.error("path", error.what());
  }
  aggregate.timeout = section.duration("timeout", aggregate.timeout);
  for (const config::Section& part : section.tables("part")) {
    if (aggregate.parts.size() == Aggregate::max_parts) throw section.error("part", "there are more than 16 parts");
    aggregate.parts.push_back(read_part(aggregate, part));
  }
  if (aggregate.parts.empty()) throw section.error("part", "an aggregate has at least one [[aggregate.part]]");
  return aggregate;
}

}  // namespace

std::vector<Aggregate> Aggregate::read(const config::Document& document) {
  std::vector<Aggregate> all;
  routing::Table seen;
  for (const config::Section& section : document.root().tables("aggregate")) {
    all.push_back(read_aggregate(section));
    if (seen.conflict("GET", all.back().variables)) throw section.error("path", "another aggregate has this path");
    seen.add("GET", all.back().variables, 0);
  }
  document.finish();
  return all;
}

}  // namespace bascule::gateway
