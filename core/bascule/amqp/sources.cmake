bascule_library(bascule_amqp ALIAS bascule::amqp PCH
  SOURCES bascule/amqp/encoding.cpp bascule/amqp/message.cpp
  LINK bascule_loop Proton::engine)
