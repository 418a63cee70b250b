bascule_library(bascule_telemetry ALIAS bascule::telemetry
  SOURCES bascule/telemetry/trace.cpp
  LINK bascule_loop)
