#include "accounts/accounts_service.hpp"

#include "accounts/ledger.hpp"
#include "bascule/pg/pool.hpp"
#include "bascule/service/context.hpp"
#include "shop_shared/not_found.hpp"

namespace shop {
namespace {

namespace pg = bascule::pg;

Customer to_customer(const pg::Row& row) {
  Customer customer;
  customer.id = row.get<std::int64_t>("id");
  customer.name = row.get<std::string>("name");
  customer.email = row.get<std::string>("email");
  customer.balance_minor = row.get<std::int64_t>("balance_minor");
  return customer;
}

}  // namespace

AccountsService::Task<Customer> AccountsService::create_customer(Context& context, NewCustomer customer) {
  auto* const tx = co_await context.transaction();
  const auto made =
      co_await tx->exec("insert into customer (name, email) values ($1, $2) returning id, name, email, balance_minor",
                        customer.name, customer.email);
  co_return to_customer(made[0]);
}

AccountsService::Task<Customer> AccountsService::get_customer(Context& context, std::int64_t id) {
  const auto found = co_await context.database().exec(
      context.deadline(), "select id, name, email, balance_minor from customer where id = $1", id);
  if (found.empty()) throw not_found("customer", id);
  co_return to_customer(found[0]);
}

AccountsService::Task<Customer> AccountsService::deposit(Context& context, std::int64_t id, std::int64_t amount_minor) {
  auto* const tx = co_await context.transaction();
  const auto found = co_await tx->exec(
      "update customer set balance_minor = balance_minor + $2 where id = $1 returning id, name, email, "
      "balance_minor",
      id, amount_minor);
  if (found.empty()) throw not_found("customer", id);
  tx->queue("insert into transfer (kind, from_account, to_account, amount_minor) values ('deposit', $1, $2, $3)",
            bank_account, id, amount_minor);
  co_return to_customer(found[0]);
}

}  // namespace shop
