// Shop: the running shop of a test program, and what a test asks it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>

#include "bascule/amqp/client.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/pg/connection.hpp"
#include "bascule/rpc/client.hpp"
#include "functional_cpp/shop/child.hpp"
#include "shop/accounts.client.hpp"
#include "shop/catalog.client.hpp"
#include "shop/orders.client.hpp"

namespace bascule::test {

template <class T>
using Task = boost::asio::awaitable<T>;

class Shop {
 public:
  Shop();
  ~Shop();

  /// Runs a coroutine on the shop's loop to its end; throws what it throws.
  void run(Task<void> work);

  Task<std::int64_t> product(std::string name, std::int64_t price, std::int64_t stock);
  Task<std::int64_t> customer(std::string name, std::int64_t balance);
  Task<shop::Order> place(std::int64_t customer, std::vector<std::pair<std::int64_t, std::int32_t>> lines,
                          std::string key = {});
  /// Until no order is pending, and nothing is left to be published anywhere. Throws after a minute.
  Task<void> settled();
  /// A single number from a service's own database, as its owner: tests look behind the services.
  Task<std::int64_t> number(std::string service, std::string sql);

  void kill(const std::string& service);
  void start(const std::string& service);
  /// Stops all services; their exit statuses.
  std::map<std::string, int> stop();

  Loop loop;
  std::unique_ptr<amqp::Client> connection;
  std::unique_ptr<rpc::Client> client;
  std::unique_ptr<shop::CatalogClient> catalog;
  std::unique_ptr<shop::AccountsClient> accounts;
  std::unique_ptr<shop::OrdersClient> orders;

 private:
  Task<void> connected();
  std::string folder_, broker_url_;
  std::unique_ptr<Child> broker_;
  std::map<std::string, std::string> databases_;  ///< conninfo by service
  std::map<std::string, std::unique_ptr<Child>> services_;
  std::map<std::string, std::shared_ptr<pg::Connection>> sessions_;
};

/// The one shop that all cases share.
Shop& the_shop();

}  // namespace bascule::test
