#include "bascule/service/host.hpp"
#include "orders/orders_service.hpp"
#include "orders/saga.hpp"
#include "orders_migrations.hpp"
#include "shop/events.events.hpp"

int main(int argc, char** argv) {
  bascule::service::Host host("orders", argc, argv);
  host.migrations(orders_migrations());
  host.serve(std::make_unique<shop::OrdersService>());
  host.on<shop::StockReserved>(shop::stock_was_reserved);
  host.on<shop::StockRejected>(shop::stock_was_rejected);
  host.on<shop::PaymentCharged>(shop::payment_was_charged);
  host.on<shop::PaymentRejected>(shop::payment_was_rejected);
  return host.run();
}
