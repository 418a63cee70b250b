# The type system's codec alone, without Proton.
bascule_library(bascule_amqp_codec ALIAS bascule::amqp_codec HOT
  SOURCES bascule/amqp/limits.cpp bascule/amqp/reader.cpp bascule/amqp/writer.cpp)

bascule_library(bascule_amqp ALIAS bascule::amqp
  SOURCES bascule/amqp/acceptor.cpp bascule/amqp/client.cpp bascule/amqp/connection.cpp
          bascule/amqp/connector.cpp
          bascule/amqp/conversation.cpp bascule/amqp/engine.cpp
          bascule/amqp/flow_answers.cpp
          bascule/amqp/frame_guard.cpp bascule/amqp/handshake.cpp bascule/amqp/message.cpp bascule/amqp/nodes_amqp.cpp bascule/amqp/nodes_http.cpp
          bascule/amqp/nodes_requests.cpp bascule/amqp/peer_certificate.cpp bascule/amqp/receiver.cpp bascule/amqp/relay.cpp bascule/amqp/sasl.cpp
          bascule/amqp/sasl_client.cpp bascule/amqp/sasl_crypto.cpp bascule/amqp/sasl_server.cpp bascule/amqp/saslprep.cpp bascule/amqp/scram.cpp
          bascule/amqp/sender.cpp bascule/amqp/stream.cpp bascule/amqp/tls.cpp bascule/amqp/tls_context.cpp
          bascule/amqp/url.cpp bascule/amqp/websocket.cpp bascule/amqp/websocket_below.cpp
  LINK bascule_loop bascule_amqp_codec bascule_profile Proton::engine
  PRIVATE_LINK Boost::url Libidn::libidn
  ALONE bascule/amqp/nodes_http.cpp bascule/amqp/websocket.cpp)
