bascule_library(bascule_events ALIAS bascule::events
  SOURCES bascule/events/event.cpp bascule/events/publisher.cpp
  LINK bascule_amqp bascule_telemetry)
