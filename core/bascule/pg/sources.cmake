# What generated migration lists are made of: types only, so that they need not wait for the rest to be built.
add_library(bascule_migration_types INTERFACE)
target_include_directories(bascule_migration_types INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}")
bascule_migrations(bascule_platform_migrations bascule/pg/migrations)

bascule_library(bascule_pg ALIAS bascule::pg
  SOURCES bascule/pg/connection.cpp bascule/pg/conninfo.cpp bascule/pg/error.cpp bascule/pg/field.cpp
          bascule/pg/migrate.cpp bascule/pg/pipeline.cpp bascule/pg/pool.cpp bascule/pg/pool_core.cpp
          bascule/pg/pool_state.cpp bascule/pg/reply.cpp bascule/pg/result.cpp bascule/pg/sql.cpp
          bascule/pg/statement_cache.cpp bascule/pg/transaction.cpp
  LINK bascule::loop
  PRIVATE_LINK PostgreSQL::PostgreSQL bascule_platform_migrations)
# GCC 12 takes Asio's coroutine frame allocator for a mismatched pair when it inlines one half of it.
set_source_files_properties(bascule/pg/migrate.cpp PROPERTIES COMPILE_OPTIONS -Wno-mismatched-new-delete)
