#include "catalog/reservation.hpp"

namespace shop {
namespace {

std::string refusal(const std::map<std::int64_t, std::int64_t>& wanted,
                    const std::map<std::int64_t, Available>& available) {
  for (const auto& [product, quantity] : wanted) {
    const auto found = available.find(product);
    if (found == available.end()) return "there is no product " + std::to_string(product);
    if (found->second.stock < quantity) {
      return "of product " + std::to_string(product) + " there are " + std::to_string(found->second.stock) +
             " left, the order wants " + std::to_string(quantity);
    }
  }
  return {};
}

}  // namespace

std::map<std::int64_t, std::int64_t> wanted_quantities(const std::vector<Line>& lines) {
  std::map<std::int64_t, std::int64_t> wanted;
  for (const auto& line : lines) wanted[line.product_id] += line.quantity;
  return wanted;
}

ReservationPlan plan_reservation(const std::vector<Line>& lines, const std::map<std::int64_t, Available>& available) {
  ReservationPlan plan;
  plan.refusal = refusal(wanted_quantities(lines), available);
  if (!plan.refusal.empty()) return plan;
  for (const auto& line : lines) {
    PricedLine priced;
    priced.product_id = line.product_id;
    priced.quantity = line.quantity;
    priced.price_minor = available.at(line.product_id).price_minor;
    plan.total_minor += priced.price_minor * priced.quantity;
    plan.lines.push_back(priced);
  }
  return plan;
}

}  // namespace shop
