bascule_library(bascule_service ALIAS bascule::service
  SOURCES bascule/service/announcer.cpp bascule/service/dispatcher.cpp bascule/service/host.cpp
          bascule/service/runner.cpp bascule/service/subscription.cpp bascule/service/work.cpp
  LINK bascule_rpc bascule_events bascule_outbox bascule_pg bascule_daemon)
