// The parsed file and what was asked of it: shared by Document and its sections. Internal to this folder.
#pragma once

#include <toml++/toml.h>
#include <map>
#include <set>
#include <string>

#include "bascule/config/document.hpp"

namespace bascule::config {

struct Opened {
  const toml::table* table = nullptr;
  std::set<std::string, std::less<>> asked;
  bool owned = true;  ///< false: borrowed, what was not asked for is somebody else's
};

struct Tree {
  toml::table root;
  std::string name;
  Environment environment;
  std::map<std::string, Opened, std::less<>> opened;  ///< by dotted path
  bool root_opened = false;

  Opened& open(const std::string& path, const toml::table* table);
};

/// "BASCULE_SERVICE__ORDERS__" for "service.orders": what the variables of a section start with.
std::string environment_prefix(std::string_view path);
std::string environment_case(std::string_view key);

}  // namespace bascule::config
