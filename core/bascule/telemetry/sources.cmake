bascule_library(bascule_telemetry ALIAS bascule::telemetry
  SOURCES bascule/telemetry/json_line.cpp bascule/telemetry/log.cpp bascule/telemetry/metrics.cpp
          bascule/telemetry/trace.cpp
  LINK bascule_loop
  PRIVATE_LINK spdlog::spdlog)
