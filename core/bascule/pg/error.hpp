// SqlError: what PostgreSQL answered when a statement failed.
//
// code() is the platform's view of it: a cancelled statement (its time was up) is deadline_exceeded, a server
// that shuts down or a lost serialization race is unavailable (try again), exhausted resources are
// resource_exhausted, and every other failed statement is internal until the service says otherwise:
//   catch (const pg::SqlError& e) { if (e.constraint() == "customers_email_key") throw shop::EmailTaken();
//   throw; }
#pragma once

#include <string>
#include <string_view>

#include "bascule/loop/error.hpp"

namespace bascule::pg {

/// The fields of an error answer, as PostgreSQL names them; empty when it sent none.
struct ErrorFields {
  std::string sqlstate{}, message{}, detail{}, hint{}, constraint{}, table{}, column{};
  int position = 0;         ///< 1-based character of the statement, 0: unknown
  std::string statement{};  ///< the text that failed
};

class SqlError : public Error {
 public:
  explicit SqlError(ErrorFields fields);

  std::string_view sqlstate() const noexcept { return fields_.sqlstate; }
  std::string_view constraint() const noexcept { return fields_.constraint; }
  int position() const noexcept { return fields_.position; }
  const ErrorFields& fields() const noexcept { return fields_; }

  bool is_unique_violation() const noexcept { return fields_.sqlstate == "23505"; }
  bool is_foreign_key_violation() const noexcept { return fields_.sqlstate == "23503"; }
  bool is_check_violation() const noexcept { return fields_.sqlstate == "23514"; }
  /// The same transaction, run again from its beginning, may succeed: serialization failure or deadlock.
  bool is_retryable() const noexcept { return fields_.sqlstate == "40001" || fields_.sqlstate == "40P01"; }

 private:
  ErrorFields fields_;
};

/// The platform's code for a SQLSTATE.
Errc errc_of_sqlstate(std::string_view sqlstate) noexcept;

}  // namespace bascule::pg
