#include "functional_cpp/shop/shop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "functional_cpp/pg/cluster.hpp"

namespace bascule::test {
namespace {

constexpr auto service_names = {"catalog", "accounts", "orders"};

std::string amqp_of(const std::string& ready) {
  const auto at = ready.find("amqp://");
  if (at == std::string::npos) throw std::runtime_error("the broker's ready file names no amqp endpoint: " + ready);
  return ready.substr(at, ready.find('"', at) - at);
}

}  // namespace

Shop::Shop() {
  char folder[] = "/tmp/shop-test-XXXXXX";
  folder_ = ::mkdtemp(folder);
  broker_ =
      std::make_unique<Child>(BASCULE_BIN "/bascule-broker", "broker", folder_, "[broker]\nlisten = \"127.0.0.1:0\"\n");
  broker_url_ = amqp_of(broker_->ready());
  for (const auto* const name : service_names) {
    databases_[name] = fresh_database();
    start(name);
  }
  connection = std::make_unique<amqp::Client>(loop, amqp::ClientOptions{.url = broker_url_});
  connection->start();
  client = std::make_unique<rpc::Client>(*connection);
  catalog = std::make_unique<shop::CatalogClient>(*client);
  accounts = std::make_unique<shop::AccountsClient>(*client);
  orders = std::make_unique<shop::OrdersClient>(*client);
  run(connected());
}

Task<void> Shop::connected() {
  boost::asio::steady_timer timer(loop.context());
  const auto until = Deadline::after(std::chrono::seconds(90));
  while (true) {
    try {
      co_await catalog->get_product(1);
    } catch (const shop::NotFound&) {
      co_return;
    } catch (const Error& wrong) {
      if (wrong.code() != Errc::unavailable || until.expired()) throw;
    }
    timer.expires_after(std::chrono::milliseconds(10));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

Shop::~Shop() {
  sessions_.clear();
  services_.clear();
  broker_.reset();
  if (std::getenv("SHOP_TEST_KEEP") == nullptr) std::filesystem::remove_all(folder_);
}

void Shop::start(const std::string& service) {
  services_[service] = std::make_unique<Child>(std::string(BASCULE_BIN "/") + service, service, folder_,
                                               "[broker]\nurl = \"" + broker_url_ + "\"\n[service." + service +
                                                   "]\ndatabase = \"" + databases_[service] + "\"\n");
}

void Shop::kill(const std::string& service) { services_.at(service)->kill(); }

std::map<std::string, int> Shop::stop() {
  std::map<std::string, int> statuses;
  for (auto& [name, child] : services_) statuses[name] = child->stop();
  return statuses;
}

void Shop::run(Task<void> work) {
  std::exception_ptr failure;
  boost::asio::co_spawn(loop.context(), std::move(work), [&](std::exception_ptr wrong) {
    failure = wrong;
    loop.stop();
  });
  loop.run();
  loop.context().restart();
  if (failure) std::rethrow_exception(failure);
}

Task<std::int64_t> Shop::product(std::string name, std::int64_t price, std::int64_t stock) {
  shop::NewProduct product;
  product.name = name;
  product.price_minor = price;
  product.stock = stock;
  const auto made = co_await catalog->create_product(product);
  co_return made.id;
}

Task<std::int64_t> Shop::customer(std::string name, std::int64_t balance) {
  shop::NewCustomer customer;
  customer.name = name;
  customer.email = name + "@example.com";
  const auto made = co_await accounts->create_customer(customer);
  if (balance > 0) {
    const auto after = co_await accounts->deposit(made.id, balance);
    if (after.balance_minor != balance) throw std::runtime_error("the deposit did not arrive");
  }
  co_return made.id;
}

Task<shop::Order> Shop::place(std::int64_t customer, std::vector<std::pair<std::int64_t, std::int32_t>> lines,
                              std::string key) {
  shop::NewOrder order;
  order.customer_id = customer;
  for (const auto& [product, quantity] : lines) {
    shop::Line line;
    line.product_id = product;
    line.quantity = quantity;
    order.lines.push_back(line);
  }
  rpc::CallOptions options;
  options.idempotency_key = key;
  options.deadline = Deadline::after(std::chrono::seconds(30));
  auto made = co_await orders->place_order(order, options);
  co_return made;
}

Task<std::int64_t> Shop::number(std::string service, std::string sql) {
  auto& session = sessions_[service];
  const auto deadline = Deadline::after(std::chrono::seconds(90));
  if (!session) {
    session = std::make_shared<pg::Connection>(loop, pg::ConnectionOptions{.conninfo = databases_.at(service)});
    co_await session->connect(deadline);
  }
  const auto result = co_await session->exec(deadline, pg::Sql::trusted(sql));
  co_return result.one<std::int64_t>();
}

Task<void> Shop::settled() {
  const auto until = Deadline::after(std::chrono::seconds(120));
  boost::asio::steady_timer timer(loop.context());
  while (true) {
    const auto pending = co_await number("orders", "select count(*) from orders where status = 'PENDING'");
    const auto reserved = co_await number("catalog", "select count(*) from reservation");
    if (pending == 0 && reserved == 0) co_return;
    if (until.expired()) {
      throw std::runtime_error(std::to_string(pending) + " orders are pending and " + std::to_string(reserved) +
                               " lines reserved after two minutes");
    }
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

Shop& the_shop() {
  static Shop shop;
  return shop;
}

}  // namespace bascule::test
