# Finds Qpid Proton's engine and makes Proton::engine (C) and Proton::cpp (the C++ API, for tests and examples).
#
# Debian's libqpid-proton-cpp.so.12 needs libqpid-proton-core.so.10, while the C development link points at the
# monolithic libqpid-proton.so.11: a process that links both holds two engines whose objects must never meet. So
# Proton::engine is the core library by its soname, never the monolith, and Debian's .pc files (broken) are not asked.
find_path(PROTON_INCLUDE_DIR proton/connection_driver.h)
find_library(PROTON_CORE_LIBRARY NAMES libqpid-proton-core.so.10 qpid-proton-core)
find_library(PROTON_CPP_LIBRARY NAMES qpid-proton-cpp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Proton REQUIRED_VARS PROTON_CORE_LIBRARY PROTON_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libqpid-proton11-dev and libqpid-proton-cpp12-dev, or run ./bascule doctor")
if(Proton_FOUND AND NOT TARGET Proton::engine)
  add_library(Proton::engine UNKNOWN IMPORTED)
  set_target_properties(Proton::engine PROPERTIES IMPORTED_LOCATION "${PROTON_CORE_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${PROTON_INCLUDE_DIR}")
  if(PROTON_CPP_LIBRARY)
    add_library(Proton::cpp UNKNOWN IMPORTED)
    set_target_properties(Proton::cpp PROPERTIES IMPORTED_LOCATION "${PROTON_CPP_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${PROTON_INCLUDE_DIR}" INTERFACE_LINK_LIBRARIES Proton::engine)
  endif()
endif()
