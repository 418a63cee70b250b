// CatalogService: the products, as their contract says.
#pragma once

#include "shop/catalog.service.hpp"

namespace shop {

class CatalogService final : public CatalogBase {
 public:
  template <class T>
  using Task = boost::asio::awaitable<T>;
  using Context = bascule::service::Context;

  Task<Product> create_product(Context& context, NewProduct product) override;
  Task<Product> get_product(Context& context, std::int64_t id) override;
  Task<ProductPage> list_products(Context& context, std::int32_t limit, std::string cursor) override;
};

}  // namespace shop
