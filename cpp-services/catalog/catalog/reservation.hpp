// What becomes of the lines of an order: all of them are set aside, or none. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shop/events_types.h"

namespace shop {

/// How many of each product the lines want in all; in order of product id, which is the order rows are locked
/// in.
std::map<std::int64_t, std::int64_t> wanted_quantities(const std::vector<Line>& lines);

/// A product as it is while its row is locked.
struct Available {
  std::int64_t price_minor = 0;
  std::int64_t stock = 0;
};

struct ReservationPlan {
  std::string refusal;            ///< why nothing is set aside; empty when everything is
  std::vector<PricedLine> lines;  ///< the order's lines with their prices
  std::int64_t total_minor = 0;
};

/// `available` holds the products that exist.
ReservationPlan plan_reservation(const std::vector<Line>& lines, const std::map<std::int64_t, Available>& available);

}  // namespace shop
