// every.Every in C++, as a process: the unit tests' service behind a real broker.
#include "unit/contract/every_service.hpp"
#include "bascule/service/host.hpp"

int main(int argc, char** argv) {
  bascule::service::Host host("every", argc, argv);
  host.serve(std::make_unique<bascule::test::EveryService>());
  return host.run();
}
