bascule_library(bascule_daemon ALIAS bascule::daemon
  SOURCES bascule/daemon/admin_server.cpp bascule/daemon/daemon.cpp bascule/daemon/framing.cpp bascule/daemon/idling.cpp
  LINK bascule_config bascule_telemetry CLI11::CLI11
  ALONE bascule/daemon/admin_server.cpp bascule/daemon/daemon.cpp)
