// AccountsService: the customers and their balances, as their contract says.
#pragma once

#include "shop/accounts.service.hpp"

namespace shop {

class AccountsService final : public AccountsBase {
 public:
  template <class T>
  using Task = boost::asio::awaitable<T>;
  using Context = bascule::service::Context;

  Task<Customer> create_customer(Context& context, NewCustomer customer) override;
  Task<Customer> get_customer(Context& context, std::int64_t id) override;
  Task<Customer> deposit(Context& context, std::int64_t id, std::int64_t amount_minor) override;
};

}  // namespace shop
