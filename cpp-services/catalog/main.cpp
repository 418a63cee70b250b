#include "bascule/service/host.hpp"
#include "catalog/catalog_service.hpp"
#include "catalog/stock.hpp"
#include "catalog_migrations.hpp"
#include "shop/events.events.hpp"

int main(int argc, char** argv) {
  bascule::service::Host host("catalog", argc, argv);
  host.migrations(catalog_migrations());
  host.serve(std::make_unique<shop::CatalogService>());
  host.on<shop::OrderPlaced>(shop::reserve_stock);
  host.on<shop::PaymentRejected>(shop::release_stock);
  host.on<shop::OrderConfirmed>(shop::forget_reservation);
  return host.run();
}
