// Values of an HTTP request that come from outside the body (path, query, headers, cookies), laid over its
// structs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/transcode/problem.hpp"

namespace bascule::transcode {

/// One parameter of a request: which binding of the route, and its decoded text.
struct Parameter {
  std::uint16_t binding = 0;
  std::string_view text;
};

/// Which fields of a struct, and of structs inside it, parameters give. Made once per route.
struct Overlay {
  struct Item {
    std::uint32_t field = 0;    ///< index in the struct
    std::uint16_t binding = 0;  ///< index in the route's bindings; of a leaf
    Source source = Source::query;
    std::string name;                ///< the parameter's
    bool body = false;               ///< the whole JSON body is this field
    std::unique_ptr<Overlay> inner;  ///< parameters are for fields inside this field
  };
  std::vector<Item> items;
};

}  // namespace bascule::transcode
