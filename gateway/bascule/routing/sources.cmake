bascule_library(bascule_routing ALIAS bascule::routing HOT
  SOURCES bascule/routing/path.cpp bascule/routing/percent.cpp bascule/routing/query.cpp bascule/routing/table.cpp bascule/routing/template.cpp
  LINK bascule_loop)
