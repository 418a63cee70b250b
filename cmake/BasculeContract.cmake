# bascule_contract(TARGET FILES a.thrift b.thrift ... [LINK other contract targets] [INCLUDE dirs] [PYTHON_OUT dir])
#   Makes the static library TARGET of the C++ that basculec writes for the contracts, and for Python packages below
#   PYTHON_OUT. What a contract includes must be among FILES or in a target of LINK.
#
#     bascule_contract(shop_contract FILES idl/catalog.thrift idl/errors.thrift PYTHON_OUT ${CMAKE_BINARY_DIR}/python)
#     target_link_libraries(catalog PRIVATE shop_contract)
#     #include "shop/catalog.service.hpp"     // the folder is the contract's C++ namespace
#
# Incremental: a contract is compiled again when it, what it includes, or the compiler itself changed, and files whose
# text stays the same are not touched.
set(BASCULE_COMPILER_DIR "${CMAKE_CURRENT_LIST_DIR}/../idl/compiler" CACHE INTERNAL "Where basculec is")
file(GLOB_RECURSE _basculec_sources CONFIGURE_DEPENDS "${BASCULE_COMPILER_DIR}/basculec/*.py" "${BASCULE_COMPILER_DIR}/basculec/*.json"
     "${BASCULE_COMPILER_DIR}/basculec/*.j2")
set(BASCULE_COMPILER_SOURCES "${_basculec_sources}" CACHE INTERNAL "What basculec is made of")

function(bascule_contract target)
  cmake_parse_arguments(A "" "PYTHON_OUT" "FILES;LINK;INCLUDE" ${ARGN})
  if(A_UNPARSED_ARGUMENTS OR NOT A_FILES)
    message(FATAL_ERROR "bascule_contract(${target} FILES x.thrift ...): FILES is missing, or there is something unknown: "
                        "${A_UNPARSED_ARGUMENTS}")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  set(provided)
  foreach(file IN LISTS A_FILES)
    get_filename_component(path "${file}" ABSOLUTE)
    list(APPEND provided "${path}")
  endforeach()
  set(own "${provided}")
  foreach(linked IN LISTS A_LINK)
    get_target_property(theirs ${linked} BASCULE_CONTRACTS)
    list(APPEND provided ${theirs})
  endforeach()
  set(flags)
  foreach(folder IN LISTS A_INCLUDE)
    get_filename_component(folder "${folder}" ABSOLUTE)
    list(APPEND flags -I "${folder}")
  endforeach()
  foreach(path IN LISTS provided)
    list(APPEND flags --provided "${path}")
  endforeach()
  if(A_PYTHON_OUT)
    list(APPEND flags --python "${A_PYTHON_OUT}")
  endif()

  set(sources)
  foreach(path IN LISTS own)
    get_filename_component(module "${path}" NAME_WE)
    if("${out}/${module}.cpp" IN_LIST sources)
      message(FATAL_ERROR "bascule_contract(${target}): two FILES are named ${module}.thrift; rename one")
    endif()
    list(APPEND sources "${out}/${module}.cpp")
    add_custom_command(
      OUTPUT "${out}/${module}.cpp"
      COMMAND "${BASCULE_COMPILER_DIR}/bin/basculec" "${path}" --cpp "${out}" --depfile "${out}/${module}.d" ${flags}
      MAIN_DEPENDENCY "${path}"
      DEPENDS ${BASCULE_COMPILER_SOURCES}
      DEPFILE "${out}/${module}.d"
      COMMENT "Compiling contract ${module}.thrift"
      VERBATIM)
  endforeach()

  add_library(${target} STATIC ${sources})
  set_target_properties(${target} PROPERTIES BASCULE_CONTRACTS "${own}")
  target_include_directories(${target} SYSTEM PUBLIC "${out}")
  target_link_libraries(${target} PUBLIC bascule::contract bascule::rpc ${A_LINK})
  if(TARGET bascule_flags)
    target_link_libraries(${target} PRIVATE bascule_flags)
    target_compile_options(${target} PRIVATE -Wno-shadow -Wno-unused-parameter)
  endif()
  if(COMMAND _bascule_pch)
    _bascule_pch(${target} bascule_pch)
    _bascule_unity(${target} 6)
  endif()
endfunction()
