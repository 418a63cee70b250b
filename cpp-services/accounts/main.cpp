#include "accounts/accounts_service.hpp"
#include "accounts/charge.hpp"
#include "accounts_migrations.hpp"
#include "bascule/service/host.hpp"
#include "shop/events.events.hpp"

int main(int argc, char** argv) {
  bascule::service::Host host("accounts", argc, argv);
  host.migrations(accounts_migrations());
  host.serve(std::make_unique<shop::AccountsService>());
  host.on<shop::StockReserved>(shop::charge_customer);
  return host.run();
}
