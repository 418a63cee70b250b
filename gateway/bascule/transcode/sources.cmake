bascule_library(bascule_transcode ALIAS bascule::transcode HOT
  SOURCES bascule/transcode/canonical.cpp bascule/transcode/decoder.cpp bascule/transcode/encoder.cpp
          bascule/transcode/encoder_container.cpp bascule/transcode/encoder_parameters.cpp
          bascule/transcode/encoder_scalar.cpp bascule/transcode/json_writer.cpp bascule/transcode/locate.cpp bascule/transcode/method.cpp
          bascule/transcode/names.cpp bascule/transcode/number.cpp bascule/transcode/overlay_compiler.cpp bascule/transcode/problem.cpp
          bascule/transcode/scanner.cpp bascule/transcode/schema.cpp bascule/transcode/text.cpp
          bascule/transcode/value.cpp
  LINK bascule::thrift PRIVATE_LINK simdjson::simdjson)
