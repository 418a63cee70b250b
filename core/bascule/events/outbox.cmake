# Outbox and inbox: a library of their own, because they need only the database.
bascule_library(bascule_outbox ALIAS bascule::outbox
  SOURCES bascule/events/inbox.cpp bascule/events/outbox.cpp bascule/events/outbox_order.cpp
          bascule/events/outbox_relay.cpp
  LINK bascule_pg)
