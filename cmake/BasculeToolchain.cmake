# Language level, warnings, hardening, ccache and the linker: everything that is the same for each target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# Line tables are enough for a backtrace and a profile, and halve the build and link time of full debug info.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers defeat ccache unless it may ignore their time stamps and macros.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(bascule_flags INTERFACE)
target_compile_options(bascule_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wformat=2 -Werror=format-security -Werror=return-type
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=$<IF:$<CXX_COMPILER_ID:Clang>,pattern,zero> -fpch-preprocess)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 takes Asio's coroutine frames, allocated by the promise, for a mismatch.
  target_compile_options(bascule_flags INTERFACE -Wno-mismatched-new-delete)
endif()
target_compile_definitions(bascule_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(bascule_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
if(BASCULE_SANITIZE)
  target_compile_options(bascule_flags INTERFACE -fsanitize=${BASCULE_SANITIZE} -fno-sanitize-recover=all)
  # Apache's generated enums have no fixed underlying type, and a newer peer's value must be carried through: to GCC, without
  # -fstrict-enums, any value of the type's size is a valid one.
  target_compile_options(bascule_flags INTERFACE -fno-sanitize=enum)
  target_link_options(bascule_flags INTERFACE -fsanitize=${BASCULE_SANITIZE})
else()
  target_compile_options(bascule_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
endif()
