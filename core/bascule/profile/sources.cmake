set(profiles)
foreach(name IN ITEMS embedded rabbitmq-3 rabbitmq-4 artemis servicebus)
  list(APPEND profiles "${CMAKE_SOURCE_DIR}/broker/profiles/${name}.toml")
endforeach()
set(embedded "${CMAKE_CURRENT_BINARY_DIR}/profiles.cpp")
add_custom_command(
  OUTPUT "${embedded}"
  COMMAND ${CMAKE_COMMAND} "-DFILES=${profiles}" "-DOUT=${embedded}" -P "${CMAKE_SOURCE_DIR}/cmake/embed_profiles.cmake"
  DEPENDS ${profiles} "${CMAKE_SOURCE_DIR}/cmake/embed_profiles.cmake"
  COMMENT "Embedding the broker profiles" VERBATIM)
bascule_library(bascule_profile ALIAS bascule::profile
  SOURCES bascule/profile/holding.cpp bascule/profile/names.cpp bascule/profile/parser.cpp bascule/profile/profile.cpp
          "${embedded}")
target_include_directories(bascule_profile SYSTEM PRIVATE "${TOMLPLUSPLUS_INCLUDE_DIR}")
