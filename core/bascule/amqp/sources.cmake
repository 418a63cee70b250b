bascule_library(bascule_amqp ALIAS bascule::amqp PCH
  SOURCES bascule/amqp/acceptor.cpp bascule/amqp/client.cpp bascule/amqp/connection.cpp bascule/amqp/encoding.cpp
          bascule/amqp/engine.cpp bascule/amqp/frame_guard.cpp bascule/amqp/message.cpp bascule/amqp/receiver.cpp
          bascule/amqp/sender.cpp bascule/amqp/stream.cpp bascule/amqp/url.cpp
  LINK bascule_loop Proton::engine
  PRIVATE_LINK Boost::url)
