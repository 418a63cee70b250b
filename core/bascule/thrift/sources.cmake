bascule_library(bascule_thrift ALIAS bascule::thrift HOT
  SOURCES bascule/thrift/binary.cpp bascule/thrift/checks.cpp bascule/thrift/checks_compile.cpp
          bascule/thrift/compact.cpp bascule/thrift/cursor.cpp bascule/thrift/descriptor.cpp
          bascule/thrift/descriptor_parser.cpp bascule/thrift/envelope.cpp bascule/thrift/pattern.cpp
          bascule/thrift/protocol.cpp bascule/thrift/sink.cpp bascule/thrift/types.cpp bascule/thrift/utf8.cpp
  LINK bascule::loop Thrift::thrift simdjson::simdjson PRIVATE_LINK re2::re2)
