#include "catalog/catalog_service.hpp"

#include "bascule/pg/pool.hpp"
#include "bascule/service/context.hpp"
#include "shop_shared/cursor.hpp"
#include "shop_shared/not_found.hpp"

namespace shop {
namespace {

namespace pg = bascule::pg;

Product to_product(const pg::Row& row) {
  Product product;
  product.id = row.get<std::int64_t>("id");
  product.name = row.get<std::string>("name");
  product.price_minor = row.get<std::int64_t>("price_minor");
  product.stock = row.get<std::int64_t>("stock");
  return product;
}

}  // namespace

CatalogService::Task<Product> CatalogService::create_product(Context& context, NewProduct product) {
  auto* const tx = co_await context.transaction();
  const auto made = co_await tx->exec(
      "insert into product (name, price_minor, stock) values ($1, $2, $3) returning id, name, price_minor, "
      "stock",
      product.name, product.price_minor, product.stock);
  co_return to_product(made[0]);
}

CatalogService::Task<Product> CatalogService::get_product(Context& context, std::int64_t id) {
  const auto found = co_await context.database().exec(
      context.deadline(), "select id, name, price_minor, stock from product where id = $1", id);
  if (found.empty()) throw not_found("product", id);
  co_return to_product(found[0]);
}

CatalogService::Task<ProductPage> CatalogService::list_products(Context& context, std::int32_t limit,
                                                                std::string cursor) {
  const auto after = read_cursor(cursor).value_or(0);
  // One more than asked for tells whether there is another page.
  const auto found = co_await context.database().exec(
      context.deadline(), "select id, name, price_minor, stock from product where id > $1 order by id limit $2", after,
      limit + 1);
  ProductPage page;
  for (const auto& row : found) {
    if (page.items.size() == static_cast<std::size_t>(limit)) {
      page.__set_next_cursor(cursor_after(page.items.back().id));
      break;
    }
    page.items.push_back(to_product(row));
  }
  co_return page;
}

}  // namespace shop
