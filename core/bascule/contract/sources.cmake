bascule_library(bascule_contract ALIAS bascule::contract
  SOURCES bascule/contract/checks.cpp bascule/contract/codec.cpp
  LINK bascule::loop bascule::telemetry bascule::thrift)
