// Aggregate: one GET that is answered from several routes at once, as idl/*/aggregates.toml says.
//
//   [[aggregate]]
//   path = "/v1/customers/{id}/home"
//   timeout = "3s"
//   [[aggregate.part]]
//   name = "customer"                       # its key in the answer
//   get = "/v1/customers/{id}"              # a route of a contract
//   required = true                         # without it there is no answer
//   [[aggregate.part]]
//   name = "favourite"
//   get = "/v1/products/{customer.favourite_id}"   # waits for the part `customer`; a dotted path into its
//   JSON
//
// Thread safety: a value; immutable once read.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bascule/config/document.hpp"
#include "bascule/routing/template.hpp"

namespace bascule::gateway {

/// A piece of a part's path.
struct PathPiece {
  std::string text;  ///< literal text, or what stood in the braces
  enum class Kind { literal, variable, part } kind = Kind::literal;
  std::size_t index = 0;          ///< which variable of the aggregate's path, or which part
  std::vector<std::string> keys;  ///< of a part: the way into its JSON
};

struct Part {
  std::string name;
  bool required = false;
  std::vector<PathPiece> path;
  std::vector<std::size_t> after;  ///< the parts it takes values from; all of them come before it in the list
};

struct Aggregate {
  static constexpr std::size_t max_parts = 16;
  std::string path;
  routing::Template variables;
  std::chrono::milliseconds timeout{3000};
  std::vector<Part> parts;

  /// Reads a whole file. Throws config::ConfigError with its line.
  static std::vector<Aggregate> read(const config::Document& document);
};

}  // namespace bascule::gateway
