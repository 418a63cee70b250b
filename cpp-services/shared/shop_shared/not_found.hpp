// What a service throws for an id that stands for nothing.
#pragma once

#include <cstdint>
#include <string>

#include "shop/errors_types.h"

namespace shop {

inline NotFound not_found(const std::string& kind, std::int64_t id) {
  NotFound wrong;
  wrong.kind = kind;
  wrong.id = id;
  wrong.message = "there is no " + kind + ' ' + std::to_string(id);
  return wrong;
}

}  // namespace shop
