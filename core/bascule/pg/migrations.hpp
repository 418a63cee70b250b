// Migration: one forward-only change of a schema, and a list of them. What bascule_migrations() generates.
#pragma once

#include <span>
#include <string_view>

namespace bascule::pg {

struct Migration {
  std::string_view name;  ///< "0001_orders": sorts in the order of application
  std::string_view sql;   ///< any number of commands; no BEGIN or COMMIT
};
using Migrations = std::span<const Migration>;

}  // namespace bascule::pg
