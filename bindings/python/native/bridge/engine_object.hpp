// The Python class Engine: the control surface of the bridge, through pybind11.
#pragma once

#include "native/python.hpp"

#include <pybind11/pybind11.h>

namespace bascule::python {

void add_engine_class(pybind11::module_& module);

}  // namespace bascule::python
