bascule_library(bascule_http ALIAS bascule::http HOT
  SOURCES bascule/http/chunk_decoder.cpp bascule/http/connection.cpp bascule/http/date.cpp bascule/http/field_rules.cpp
          bascule/http/head_guard.cpp bascule/http/listener.cpp bascule/http/message_reader.cpp
          bascule/http/read_buffer.cpp bascule/http/request.cpp bascule/http/request_parser.cpp
          bascule/http/response.cpp bascule/http/tcp_stream.cpp
  LINK bascule_loop bascule_config)
