# One text for the compiler's OpenAPI and the gateway's.
set(http_failures "${CMAKE_SOURCE_DIR}/idl/compiler/basculec/emit/http_failures.json")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${http_failures}")
file(READ "${http_failures}" http_failures_text)
configure_file(bascule/gateway/http_failures_text.hpp.in "${CMAKE_CURRENT_BINARY_DIR}/embedded/http_failures_text.hpp" @ONLY)

bascule_library(bascule_gateway ALIAS bascule::gateway
  SOURCES bascule/gateway/access_log.cpp bascule/gateway/aggregate.cpp bascule/gateway/asyncapi.cpp
          bascule/gateway/composition.cpp bascule/gateway/exchange.cpp bascule/gateway/gateway.cpp
          bascule/gateway/http_failures.cpp bascule/gateway/json_value.cpp bascule/gateway/line_writer.cpp bascule/gateway/method_call.cpp bascule/gateway/openapi.cpp
          bascule/gateway/problem.cpp bascule/gateway/route_series.cpp bascule/gateway/routes.cpp
          bascule/gateway/schema_text.cpp bascule/gateway/settings.cpp bascule/gateway/worker.cpp
          bascule/gateway/stages/answer.cpp bascule/gateway/stages/authorise.cpp bascule/gateway/stages/bind.cpp
          bascule/gateway/stages/call.cpp bascule/gateway/stages/compose.cpp bascule/gateway/stages/encode.cpp
          bascule/gateway/stages/envelope.cpp bascule/gateway/stages/identify.cpp bascule/gateway/stages/media.cpp
          bascule/gateway/stages/normalise.cpp bascule/gateway/stages/pages.cpp bascule/gateway/stages/route.cpp
  LINK bascule_contracts bascule_http bascule_routing bascule_transcode bascule_config
  PRIVATE_LINK simdjson::simdjson)
target_include_directories(bascule_gateway PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/embedded")
