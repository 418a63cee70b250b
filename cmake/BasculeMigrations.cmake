# bascule_migrations(TARGET DIR)
#   A static library TARGET that embeds DIR/*.sql, in the order of their names, as
#     bascule::pg::Migrations <TARGET>();        declared in <TARGET>.hpp
#   A file's name is <number>_<what>.sql; numbers ascend. The list is read again when a file is added (CONFIGURE_DEPENDS).
function(bascule_migrations target dir)
  get_filename_component(dir "${dir}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  file(GLOB files CONFIGURE_DEPENDS "${dir}/*.sql")
  list(SORT files)
  if(NOT files)
    message(FATAL_ERROR "bascule_migrations(${target}): no *.sql in ${dir}")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  set(script "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_migrations.cmake")
  add_custom_command(
    OUTPUT "${out}/${target}.cpp" "${out}/${target}.hpp"
    COMMAND ${CMAKE_COMMAND} -DNAME=${target} "-DFILES=${files}" "-DOUT=${out}" -P "${script}"
    DEPENDS ${files} "${script}"
    COMMENT "Embedding the migrations of ${target}" VERBATIM)
  add_library(${target} STATIC "${out}/${target}.cpp" "${out}/${target}.hpp")
  target_include_directories(${target} PUBLIC "${out}")
  target_link_libraries(${target} PUBLIC bascule_migration_types PRIVATE bascule_flags)
endfunction()
