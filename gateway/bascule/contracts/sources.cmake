bascule_library(bascule_contracts ALIAS bascule::contracts
  SOURCES bascule/contracts/announcement.cpp bascule/contracts/registry.cpp bascule/contracts/watcher.cpp
  LINK bascule_rpc bascule_thrift
  PRIVATE_LINK simdjson::simdjson)
