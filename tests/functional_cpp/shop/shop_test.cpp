// The order's way through three services, and what holds whatever happens on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "functional_cpp/shop/shop.hpp"
#include "shop/errors_types.h"

namespace bascule::test {
namespace {

using shop::OrderStatus;

// GCC 12 cannot hold a braced list inside a coroutine ("array used as initializer"), so lists are made by
// functions.
using Lines = std::vector<std::pair<std::int64_t, std::int32_t>>;
Lines lines(std::int64_t product, std::int32_t quantity) { return {{product, quantity}}; }
template <class... More>
Lines lines(std::int64_t product, std::int32_t quantity, More... more) {
  Lines made = lines(product, quantity);
  const Lines rest = lines(more...);
  made.insert(made.end(), rest.begin(), rest.end());
  return made;
}
template <class... Id>
std::vector<std::int64_t> ids(Id... id) {
  return {id...};
}
const std::vector<std::string>& services() {
  static const std::vector<std::string> names{"catalog", "accounts", "orders"};
  return names;
}

/// Places orders one after another; several run at once.
Task<void> buyer(Shop& shop, std::vector<std::int64_t> customers, std::vector<std::int64_t> products, int count,
                 int& failed) {
  for (int i = 0; i < count; ++i) {
    const auto customer = customers[static_cast<std::size_t>(i) % customers.size()];
    const auto first = products[static_cast<std::size_t>(i) % products.size()];
    const auto second = products[static_cast<std::size_t>(i + 1) % products.size()];
    try {
      co_await shop.place(customer, lines(first, 1 + i % 3, second, 2));
    } catch (const Error&) {
      ++failed;  // its instance was killed: whether the order exists is not known, and it must end either way
    }
  }
}

Task<void> buyers(Shop& shop, std::vector<std::int64_t> customers, std::vector<std::int64_t> products, int count,
                  int orders, int& failed) {
  boost::asio::steady_timer done(shop.loop.context(), boost::asio::steady_timer::time_point::max());
  int running = count;
  std::exception_ptr failure;
  for (int i = 0; i < count; ++i) {
    boost::asio::co_spawn(shop.loop.context(), buyer(shop, customers, products, orders, failed),
                          [&](std::exception_ptr wrong) {
                            if (wrong) failure = wrong;
                            if (--running == 0) done.cancel();
                          });
  }
  boost::system::error_code ignored;
  co_await done.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  if (failure) std::rethrow_exception(failure);
}

/// What always holds once events have drained.
Task<void> expect_invariants(Shop& shop) {
  EXPECT_EQ(co_await shop.number("orders", "select count(*) from orders where status = 'PENDING'"), 0);
  EXPECT_EQ(co_await shop.number("catalog", "select count(*) from product where stock < 0"), 0);
  EXPECT_EQ(co_await shop.number("catalog", "select count(*) from reservation"), 0);
  EXPECT_EQ(co_await shop.number("accounts", "select coalesce(sum(amount_minor), 0)::bigint from entry"), 0);
  EXPECT_EQ(co_await shop.number("accounts",
                                 "select count(*) from customer c where balance_minor <> "
                                 "(select coalesce(sum(amount_minor), 0) from entry where account_id = c.id)"),
            0)
      << "a balance is not the sum of its entries";
  EXPECT_EQ(co_await shop.number("accounts",
                                 "select coalesce(sum(amount_minor), 0)::bigint from transfer where kind = 'charge'"),
            co_await shop.number("orders",
                                 "select coalesce(sum(total_minor), 0)::bigint from orders where status = 'CONFIRMED'"))
      << "what was paid is not what was confirmed";
  EXPECT_EQ(co_await shop.number("orders",
                                 "select count(*) from orders o where status = 'CONFIRMED' and total_minor <> "
                                 "(select sum(price_minor * quantity) from order_line where order_id = o.id)"),
            0);
}

Task<void> one_good_order(Shop& shop) {
  const auto book = co_await shop.product("book", 1500, 10);
  const auto pen = co_await shop.product("pen", 200, 10);
  const auto ada = co_await shop.customer("ada", 10'000);
  const auto placed = co_await shop.place(ada, lines(book, 2, pen, 3, book, 1));
  EXPECT_EQ(placed.status, OrderStatus::PENDING);
  EXPECT_EQ(placed.total_minor, 0);
  co_await shop.settled();
  const auto order = co_await shop.orders->get_order(placed.id);
  EXPECT_EQ(order.status, OrderStatus::CONFIRMED);
  EXPECT_EQ(order.total_minor, 3 * 1500 + 3 * 200);
  EXPECT_EQ(order.lines.size(), 3u);
  EXPECT_EQ(order.lines[1].price_minor, 200);
  EXPECT_FALSE(order.__isset.reason);
  const auto left = co_await shop.catalog->get_product(book);
  EXPECT_EQ(left.stock, 7);
  const auto customer = co_await shop.accounts->get_customer(ada);
  EXPECT_EQ(customer.balance_minor, 10'000 - order.total_minor);
}
TEST(Shop, AGoodOrderIsConfirmed) { the_shop().run(one_good_order(the_shop())); }

Task<void> rejected_orders(Shop& shop) {
  const auto cheap = co_await shop.product("cheap", 1, 5);
  const auto dear = co_await shop.product("dear", 100'000, 5);
  const auto poor = co_await shop.customer("poor", 99);
  const auto too_many = co_await shop.place(poor, lines(cheap, 3, cheap, 3));
  const auto too_dear = co_await shop.place(poor, lines(cheap, 1, dear, 1));
  const auto nothing = co_await shop.place(poor, lines(999'999, 1));
  const auto nobody = co_await shop.place(999'999, lines(cheap, 1));
  co_await shop.settled();
  const auto reason = [&](const ::shop::Order& order) -> Task<std::string> {
    const auto id = order.id;
    const auto found = co_await shop.orders->get_order(id);
    EXPECT_EQ(found.status, OrderStatus::REJECTED);
    co_return found.reason;
  };
  const auto many_reason = co_await reason(too_many), dear_reason = co_await reason(too_dear),
             nothing_reason = co_await reason(nothing), nobody_reason = co_await reason(nobody);
  EXPECT_THAT(many_reason, testing::HasSubstr("there are 5 left, the order wants 6"));
  EXPECT_EQ(dear_reason, "the balance of 99 is below the total of 100001");
  EXPECT_EQ(nothing_reason, "there is no product 999999");
  EXPECT_EQ(nobody_reason, "there is no customer 999999");
  const auto cheap_left = co_await shop.catalog->get_product(cheap),
             dear_left = co_await shop.catalog->get_product(dear);
  EXPECT_EQ(cheap_left.stock, 5) << "what was reserved was not released";
  EXPECT_EQ(dear_left.stock, 5);
}
TEST(Shop, AnOrderThatCannotBeFilledOrPaidIsRejectedAndUndone) { the_shop().run(rejected_orders(the_shop())); }

Task<void> same_key(Shop& shop) {
  const auto product = co_await shop.product("once", 1, 100);
  const auto customer = co_await shop.customer("once", 100);
  const auto first = co_await shop.place(customer, lines(product, 1), "the-key");
  const auto again = co_await shop.place(customer, lines(product, 1), "the-key");
  EXPECT_EQ(first, again);
  try {
    co_await shop.place(customer, lines(product, 2), "the-key");
    ADD_FAILURE() << "another request under the same key was accepted";
  } catch (const Error& wrong) {
    EXPECT_EQ(wrong.code(), Errc::invalid_argument);
  }
  co_await shop.settled();
  EXPECT_EQ(
      co_await shop.number("orders", "select count(*) from orders where customer_id = " + std::to_string(customer)), 1);
}
TEST(Shop, AnIdempotencyKeyPlacesOneOrder) { the_shop().run(same_key(the_shop())); }

Task<void> missing_things(Shop& shop) {
  const auto expect_missing = [](const ::shop::NotFound& wrong, const char* kind) {
    EXPECT_EQ(wrong.kind, kind);
    EXPECT_EQ(wrong.id, 987'654);
  };
  try {
    co_await shop.catalog->get_product(987'654);
    ADD_FAILURE();
  } catch (const ::shop::NotFound& wrong) {
    expect_missing(wrong, "product");
  }
  try {
    co_await shop.accounts->deposit(987'654, 1);
    ADD_FAILURE();
  } catch (const ::shop::NotFound& wrong) {
    expect_missing(wrong, "customer");
  }
  try {
    co_await shop.orders->get_order(987'654);
    ADD_FAILURE();
  } catch (const ::shop::NotFound& wrong) {
    expect_missing(wrong, "order");
  }
  try {
    co_await shop.catalog->list_products(1, "nonsense");
    ADD_FAILURE();
  } catch (const ::shop::BadCursor& wrong) {
    EXPECT_THAT(wrong.message, testing::HasSubstr("nonsense"));
  }
}
TEST(Shop, WhatIsNotThereIsNotFound) { the_shop().run(missing_things(the_shop())); }

Task<void> pages(Shop& shop) {
  const auto product = co_await shop.product("paged", 1, 100);
  const auto customer = co_await shop.customer("paged", 100);
  std::vector<std::int64_t> placed;
  for (int i = 0; i < 5; ++i) {
    const auto order = co_await shop.place(customer, lines(product, 1, product, 1));
    placed.insert(placed.begin(), order.id);
  }
  std::vector<std::int64_t> read;
  std::string cursor;
  int count = 0;
  do {
    const auto page = co_await shop.orders->list_orders(customer, 2, cursor);
    for (const auto& order : page.items) {
      EXPECT_EQ(order.lines.size(), 2u);
      read.push_back(order.id);
    }
    cursor = page.__isset.next_cursor ? page.next_cursor : "";
    ++count;
  } while (!cursor.empty());
  EXPECT_EQ(read, placed) << "the newest first, each once";
  EXPECT_EQ(count, 3);
  const auto products = co_await shop.catalog->list_products(200, "");
  EXPECT_EQ(products.items.back().name, "paged");
}
TEST(Shop, ListsComeInPages) { the_shop().run(pages(the_shop())); }

Task<void> many_orders(Shop& shop) {
  // Stock and money for a part of them only.
  const auto scarce = co_await shop.product("scarce", 70, 150);
  const auto plenty = co_await shop.product("plenty", 30, 100'000);
  const auto third = co_await shop.product("third", 11, 700);
  const auto rich = co_await shop.customer("rich", 1'000'000);
  const auto poor = co_await shop.customer("poor", 5'000);
  int failed = 0;
  co_await buyers(shop, ids(rich, poor), ids(scarce, plenty, third), 20, 20, failed);
  EXPECT_EQ(failed, 0);
  co_await shop.settled();
  co_await expect_invariants(shop);
  const auto confirmed = co_await shop.number("orders", "select count(*) from orders where status = 'CONFIRMED'");
  const auto rejected = co_await shop.number("orders", "select count(*) from orders where status = 'REJECTED'");
  EXPECT_GT(confirmed, 100);
  EXPECT_GT(rejected, 100);
}
TEST(Shop, ManyOrdersAtOnceKeepTheBooksBalanced) { the_shop().run(many_orders(the_shop())); }

Task<void> killed(Shop& shop) {
  const auto product = co_await shop.product("survivor", 5, 100'000);
  const auto customer = co_await shop.customer("survivor", 1'000'000);
  int failed = 0;
  std::size_t groups = services().size();
  std::exception_ptr failure;
  boost::asio::steady_timer all_done(shop.loop.context(), boost::asio::steady_timer::time_point::max());
  for (const auto& service : services()) {
    boost::asio::steady_timer soon(shop.loop.context(), std::chrono::milliseconds(100));
    boost::asio::co_spawn(shop.loop.context(), buyers(shop, ids(customer), ids(product, product), 8, 10, failed),
                          [&](std::exception_ptr wrong) {
                            if (wrong) failure = wrong;
                            if (--groups == 0) all_done.cancel();
                          });
    co_await soon.async_wait(boost::asio::use_awaitable);  // in the middle of it
    shop.kill(service);
    shop.start(service);
  }
  boost::system::error_code ignored;
  if (groups > 0) co_await all_done.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  if (failure) std::rethrow_exception(failure);
  co_await shop.settled();
  co_await expect_invariants(shop);
}
TEST(Shop, AKilledServiceLosesNothing) { the_shop().run(killed(the_shop())); }

TEST(ShopEnd, ServicesDrainAndExitCleanly) {
  for (const auto& [name, status] : the_shop().stop()) EXPECT_EQ(status, 0) << name;
}

}  // namespace
}  // namespace bascule::test
