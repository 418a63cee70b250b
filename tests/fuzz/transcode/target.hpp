// What the transcoder's fuzz targets share. A target is one function; libFuzzer or replay.cpp calls it.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "bascule/transcode/value.hpp"
#include "unit/transcode/shop.hpp"

namespace bascule::transcode::fuzz {

void one_input(std::string_view input);

/// Ends the process: a broken promise is a finding.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline const TypePlan& everything() {
  static const auto schema =
      Schema::make(std::make_shared<thrift::Descriptor>(thrift::Descriptor::parse(test::contract)));
  return *schema->type("t.All");
}

}  // namespace bascule::transcode::fuzz
