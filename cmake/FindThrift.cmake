# Finds Apache Thrift's C++ runtime (Thrift::thrift) and its compiler (THRIFT_COMPILER). Debian ships no CMake config.
find_path(THRIFT_INCLUDE_DIR thrift/protocol/TProtocol.h)
find_library(THRIFT_LIBRARY NAMES thrift)
find_program(THRIFT_COMPILER thrift)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Thrift REQUIRED_VARS THRIFT_LIBRARY THRIFT_INCLUDE_DIR THRIFT_COMPILER
  REASON_FAILURE_MESSAGE "install libthrift-dev and thrift-compiler, or run ./bascule doctor")
if(Thrift_FOUND AND NOT TARGET Thrift::thrift)
  add_library(Thrift::thrift UNKNOWN IMPORTED)
  set_target_properties(Thrift::thrift PROPERTIES IMPORTED_LOCATION "${THRIFT_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${THRIFT_INCLUDE_DIR}")
endif()
