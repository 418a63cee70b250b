bascule_library(bascule_config ALIAS bascule::config
  SOURCES bascule/config/cores.cpp bascule/config/document.cpp bascule/config/error.cpp bascule/config/quantity.cpp bascule/config/section.cpp
          bascule/config/suggest.cpp
  LINK bascule_loop)
target_include_directories(bascule_config SYSTEM PRIVATE "${TOMLPLUSPLUS_INCLUDE_DIR}")
