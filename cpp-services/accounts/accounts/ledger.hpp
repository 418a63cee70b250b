// The shop's own accounts in the ledger; a customer's is the customer's id.
#pragma once

#include <cstdint>

namespace shop {

inline constexpr std::int64_t bank_account = -1;   ///< where deposits come from
inline constexpr std::int64_t sales_account = -2;  ///< what customers paid

}  // namespace shop
