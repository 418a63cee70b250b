bascule_library(bascule_loop ALIAS bascule::loop PCH
  SOURCES bascule/loop/asio.cpp bascule/loop/error.cpp bascule/loop/loop.cpp bascule/loop/random.cpp
  LINK bascule_asio)
