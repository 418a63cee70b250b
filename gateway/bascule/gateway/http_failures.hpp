// What OpenAPI says of failures, whatever the contract: the same text as the compiler's, embedded from
// idl/compiler/basculec/emit/http_failures.json. Thread safety: read-only after the first use.
#pragma once

#include <string>
#include <vector>

namespace bascule::gateway {

/// A response that any operation may give.
struct Failure {
  std::string status;       ///< "400", or "default" for all that have no name
  std::string name;         ///< in components.responses
  std::string description;  ///< a sentence
  bool token = false;       ///< only of operations that need a token
};

struct HttpFailures {
  std::string problem;          ///< schema of a problem that is no declared exception, as JSON
  std::string idempotency_key;  ///< the parameter, as JSON
  std::string security;         ///< components.securitySchemes, as JSON
  std::vector<Failure> failures;
};

const HttpFailures& http_failures();

}  // namespace bascule::gateway
