#include "bascule/config/error.hpp"

namespace bascule::config {

std::string Origin::text() const { return line == 0 ? name : name + ":" + std::to_string(line); }

ConfigError::ConfigError(const Origin& origin, const std::string& sentence)
    : std::runtime_error(origin.text() + ": " + sentence) {}

}  // namespace bascule::config
