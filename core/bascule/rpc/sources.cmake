bascule_library(bascule_rpc ALIAS bascule::rpc
  SOURCES bascule/rpc/client.cpp bascule/rpc/pending_calls.cpp bascule/rpc/server.cpp bascule/rpc/wire.cpp
  LINK bascule_amqp bascule_telemetry)
