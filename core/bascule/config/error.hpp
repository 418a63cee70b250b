// config::ConfigError: what is wrong with the configuration, and where: "bascule.toml:12: gateway.listen:
// ...". Thread safety: a value.
#pragma once

#include <stdexcept>
#include <string>

namespace bascule::config {

/// Where a value was written. `name` is a file's path, "environment" with the variable, or "built-in
/// default".
struct Origin {
  std::string name;
  unsigned line = 0;  ///< 1-based; 0: the origin has no lines

  std::string text() const;  ///< "bascule.toml:12"
};

class ConfigError : public std::runtime_error {
 public:
  ConfigError(const Origin& origin, const std::string& sentence);
};

}  // namespace bascule::config
