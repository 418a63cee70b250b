#include "bascule/pg/error.hpp"

namespace bascule::pg {
namespace {

std::string sentence(const ErrorFields& fields) {
  std::string text = "SQL failed (" + fields.sqlstate + "): " + fields.message;
  if (!fields.detail.empty()) text += "; " + fields.detail;
  if (!fields.hint.empty()) text += "; hint: " + fields.hint;
  if (!fields.constraint.empty()) text += "; constraint " + fields.constraint;
  if (fields.position > 0) text += "; at character " + std::to_string(fields.position);
  if (!fields.statement.empty()) {
    constexpr std::size_t shown = 200;
    text += " of: " + fields.statement.substr(0, shown) + (fields.statement.size() > shown ? "…" : "");
  }
  return text;
}

}  // namespace

SqlError::SqlError(ErrorFields fields)
    : Error(errc_of_sqlstate(fields.sqlstate), sentence(fields)), fields_(std::move(fields)) {}

Errc errc_of_sqlstate(std::string_view state) noexcept {
  if (state == "57014") return Errc::deadline_exceeded;                // query_canceled: statement_timeout
  if (state == "40001" || state == "40P01") return Errc::unavailable;  // serialization failure, deadlock
  if (state == "55P03") return Errc::unavailable;                      // lock_not_available
  if (state == "25006") return Errc::unavailable;                      // read-only: a failover is under way
  if (state == "25P03") return Errc::unavailable;                      // idle-in-transaction time-out
  const auto category = state.substr(0, 2);
  if (category == "08" || category == "57") return Errc::unavailable;  // connection; operator intervention
  if (category == "53") return Errc::resource_exhausted;
  return Errc::internal;
}

}  // namespace bascule::pg
