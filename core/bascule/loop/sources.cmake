bascule_library(bascule_loop ALIAS bascule::loop
  SOURCES bascule/loop/asio.cpp bascule/loop/error.cpp bascule/loop/loop.cpp bascule/loop/random.cpp
          bascule/loop/timed_stream.cpp
  LINK bascule_asio
  ALONE bascule/loop/asio.cpp)
