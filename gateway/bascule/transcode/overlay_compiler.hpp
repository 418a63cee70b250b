// From a route's bindings to the overlay of its arguments. Internal to this folder.
#pragma once

#include <memory>

#include "bascule/thrift/descriptor.hpp"
#include "bascule/transcode/overlay.hpp"
#include "bascule/transcode/schema.hpp"

namespace bascule::transcode {

/// Null when the route binds nothing outside of a JSON object of all arguments. Throws
/// thrift::DescriptorError.
std::unique_ptr<Overlay> compile_overlay(const StructPlan& arguments, const thrift::Route& route);

}  // namespace bascule::transcode
