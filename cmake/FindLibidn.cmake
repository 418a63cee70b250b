# Finds GNU libidn (Libidn::libidn): SASLprep of names and passwords. Debian ships no CMake config for it.
find_path(LIBIDN_INCLUDE_DIR stringprep.h)
find_library(LIBIDN_LIBRARY NAMES idn)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libidn REQUIRED_VARS LIBIDN_LIBRARY LIBIDN_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libidn-dev, or run ./bascule doctor")
if(Libidn_FOUND AND NOT TARGET Libidn::libidn)
  add_library(Libidn::libidn UNKNOWN IMPORTED)
  set_target_properties(Libidn::libidn PROPERTIES IMPORTED_LOCATION "${LIBIDN_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LIBIDN_INCLUDE_DIR}")
endif()
