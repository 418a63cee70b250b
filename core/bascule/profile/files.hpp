// broker/profiles/*.toml, embedded. The source is written by cmake/embed_profiles.cmake.
#pragma once

#include <span>
#include <string_view>

namespace bascule::profile {

std::span<const std::string_view> files();

}  // namespace bascule::profile
