#include "bascule/pg/result.hpp"

#include <libpq-fe.h>

#include <charconv>

#include "bascule/loop/error.hpp"

namespace bascule::pg {

Result::Result(::pg_result* taken) : handle_(taken, PQclear) {
  rows_ = static_cast<std::size_t>(PQntuples(taken));
  columns_ = static_cast<std::size_t>(PQnfields(taken));
}

std::string_view Result::column_name(std::size_t column) const {
  if (column >= columns_) {
    throw Error(Errc::internal, "the result has " + std::to_string(columns_) + " columns, number " +
                                    std::to_string(column) + " (counted from 0) was asked for");
  }
  return PQfname(handle_.get(), static_cast<int>(column));
}

std::uint32_t Result::column_type(std::size_t column) const {
  column_name(column);
  return PQftype(handle_.get(), static_cast<int>(column));
}

std::size_t Result::column(std::string_view name) const {
  for (std::size_t i = 0; i < columns_; ++i) {
    if (PQfname(handle_.get(), static_cast<int>(i)) == name) return i;
  }
  std::string known;
  for (std::size_t i = 0; i < columns_; ++i) known += (i == 0 ? "" : ", ") + std::string(column_name(i));
  throw Error(Errc::internal, "the result has no column \"" + std::string(name) + "\"; it has: " + known);
}

std::uint64_t Result::affected() const noexcept {
  if (!handle_) return 0;
  // PQcmdTuples does not change the result; libpq just never made it const.
  const std::string_view text = PQcmdTuples(const_cast<::pg_result*>(handle_.get()));
  std::uint64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

Row Result::operator[](std::size_t row) const {
  if (row >= rows_) {
    throw Error(Errc::internal, "the result has " + std::to_string(rows_) + " rows, number " + std::to_string(row) +
                                    " (counted from 0) was asked for");
  }
  return Row(*this, row);
}

Field Result::field(std::size_t row, std::size_t column) const {
  Field field;
  field.column = column_name(column);
  const auto* const handle = handle_.get();
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  field.null = PQgetisnull(handle, r, c) != 0;
  field.bytes = {PQgetvalue(handle, r, c), static_cast<std::size_t>(PQgetlength(handle, r, c))};
  field.type = PQftype(handle, c);
  field.binary = PQfformat(handle, c) == 1;
  return field;
}

void Result::expect_rows(std::size_t least, std::size_t most) const {
  if (rows_ >= least && rows_ <= most) return;
  throw Error(Errc::internal, "the statement returned " + std::to_string(rows_) + " rows where " +
                                  (least == most ? "exactly one was" : "at most one was") + " expected");
}

}  // namespace bascule::pg
