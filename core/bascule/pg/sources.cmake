bascule_library(bascule_pg ALIAS bascule::pg PCH
  SOURCES bascule/pg/connection.cpp bascule/pg/conninfo.cpp bascule/pg/error.cpp bascule/pg/field.cpp
          bascule/pg/pipeline.cpp bascule/pg/pool.cpp bascule/pg/pool_core.cpp bascule/pg/pool_state.cpp bascule/pg/reply.cpp bascule/pg/result.cpp bascule/pg/sql.cpp
          bascule/pg/statement_cache.cpp bascule/pg/transaction.cpp
  LINK bascule::loop
  PRIVATE_LINK PostgreSQL::PostgreSQL)
