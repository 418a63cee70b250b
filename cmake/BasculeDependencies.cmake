# Every library the project links, found once and under one name each. Ranges, not accidents: Debian 12 is the floor.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(simdjson REQUIRED)
find_package(PostgreSQL 15 REQUIRED)
find_package(Proton REQUIRED)   # cmake/FindProton.cmake: one engine a process
find_package(Thrift REQUIRED)   # cmake/FindThrift.cmake
find_package(Libidn REQUIRED)   # cmake/FindLibidn.cmake: SASLprep
find_package(RE2 REQUIRED)      # cmake/FindRE2.cmake: vt.pattern in linear time
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
add_library(bascule_asio INTERFACE)
target_link_libraries(bascule_asio INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
target_compile_definitions(bascule_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
                                                  BOOST_ASIO_DISABLE_BOOST_ARRAY)
# A call runs through half a dozen coroutines. Asio keeps two of their frames for the next call and takes the others from
# aligned_alloc, which goes past malloc's own cache: keep eight, and use operator new. Its 16 bytes of alignment are what our
# operations and frames need; a handler that captures a type of larger alignment must hold it by pointer.
target_compile_definitions(bascule_asio INTERFACE BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8
                                                  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
if(BASCULE_TESTS)
  find_package(GTest REQUIRED)
endif()
