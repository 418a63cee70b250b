# bascule_library(NAME [ALIAS x::y] SOURCES ... [LINK public...] [PRIVATE_LINK ...] [HOT] [ALONE ...])
#   A static library whose headers are included from the folder it is declared in: <folder>/bascule/<concern>/x.hpp
#   is #include "bascule/<concern>/x.hpp".
# bascule_executable(NAME SOURCES ... LINK ...)
# bascule_test(NAME SOURCES ... LINK ...)   One GoogleTest program; every case is a ctest case, labelled "unit".
#
# Half of what a compiler does for a source of ours is to read headers and to instantiate what each of them instantiates:
#   - All compile against a precompiled header: core/pch.hpp, and tests against tests/pch.hpp, which has GoogleTest too.
#   - Several sources of a target are compiled as one (CMake's unity build), except for those of ALONE, and all of a library
#     that is HOT, which every byte goes through: beside others GCC inlines less (2 to 8 % more instructions in transcode). So two
#     sources of a target must not define the same name in an anonymous namespace, nor leave macros or using directives
#     behind. -DBASCULE_UNITY=OFF compiles each by itself, as the sanitizers' presets do: each includes what it uses.
#   - Tests are compiled with -O1; what they test is not.
# bascule_precompile(NAME HEADER [LINK ...] [OPTIONS ...]): NAME owns the precompiled HEADER, for others to reuse.
function(bascule_precompile name header)
  cmake_parse_arguments(A "" "" "LINK;OPTIONS" ${ARGN})
  add_library(${name} OBJECT pch.cpp)
  target_link_libraries(${name} PRIVATE bascule_asio bascule_flags ${A_LINK})
  target_compile_options(${name} PRIVATE ${A_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${header})
  # ccache hashes a precompiled header's bytes, which hold paths and so differ from tree to tree; told what it was made of
  # instead (CCACHE_PCH_EXTSUM), it serves one tree's objects to another.
  file(SHA256 "${CMAKE_SOURCE_DIR}/core/pch/pch.hpp" common)
  file(SHA256 "${CMAKE_CURRENT_SOURCE_DIR}/${header}" own)
  string(SHA256 sum "${common} ${own} ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${Boost_VERSION} ${CMAKE_CXX_FLAGS}")
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.dir/cmake_pch.hxx.gch.sum" "${sum}")
endfunction()

function(_bascule_pch target header)
  if(NOT TARGET ${header})
    return()
  endif()
  target_link_libraries(${target} PRIVATE bascule_asio bascule_flags)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # A header compiled with -fPIC does not serve -fPIE, which CMake would choose for a program.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
    target_link_options(${target} PRIVATE -pie)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${header})
endfunction()

# _bascule_unity(TARGET MOST [sources that stay by themselves]): as few batches as MOST sources a batch allow, all alike in size.
function(_bascule_unity target most)
  if(NOT BASCULE_UNITY)
    return()
  endif()
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  if(ARGN)
    list(REMOVE_ITEM sources ${ARGN})
  endif()
  list(LENGTH sources count)
  math(EXPR batches "(${count} + ${most} - 1) / ${most}")
  if(count GREATER 1)
    math(EXPR size "(${count} + ${batches} - 1) / ${batches}")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size})
    # To GCC a batch's sources are headers, which should not have types of an anonymous namespace in theirs.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# bascule_test_program(TARGET HEADER): how a program is compiled that is only there to test. HEADER: bascule_test_pch, or
# bascule_pch where there is no GoogleTest.
function(bascule_test_program target header)
  target_link_libraries(${target} PRIVATE bascule_flags)
  target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  _bascule_pch(${target} ${header})
  _bascule_unity(${target} 6)
endfunction()

function(bascule_library name)
  cmake_parse_arguments(A "HOT" "ALIAS" "SOURCES;LINK;PRIVATE_LINK;ALONE" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_include_directories(${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${A_LINK} PRIVATE ${A_PRIVATE_LINK} bascule_flags)
  if(A_ALIAS)
    add_library(${A_ALIAS} ALIAS ${name})
  endif()
  _bascule_pch(${name} bascule_pch)
  if(NOT A_HOT)
    _bascule_unity(${name} 6 ${A_ALONE})
  endif()
endfunction()

function(bascule_executable name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ${A_LINK} bascule_flags)
  target_link_options(${name} PRIVATE -pie)
  # The header needs Asio's code, which a program that links nothing of ours (a peer that is measured) does not have.
  if("${A_LINK}" MATCHES "bascule|_contract|_service")
    _bascule_pch(${name} bascule_pch)
  endif()
endfunction()

function(bascule_test name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ${A_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
  bascule_test_program(${name} bascule_test_pch)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  include(GoogleTest)
  # POST_BUILD discovery runs the program once; the timeout is for sanitizer builds on a loaded machine.
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES LABELS unit TIMEOUT 120)
endfunction()
