#include "bascule/pg/reply.hpp"

#include <cstdlib>

namespace bascule::pg {
namespace {

std::string field_of(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

ErrorFields error_of(const PGresult* result) {
  ErrorFields error;
  error.sqlstate = field_of(result, PG_DIAG_SQLSTATE);
  error.message = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
  if (error.message.empty()) error.message = PQresultErrorMessage(result);
  error.detail = field_of(result, PG_DIAG_MESSAGE_DETAIL);
  error.hint = field_of(result, PG_DIAG_MESSAGE_HINT);
  error.constraint = field_of(result, PG_DIAG_CONSTRAINT_NAME);
  error.table = field_of(result, PG_DIAG_TABLE_NAME);
  error.column = field_of(result, PG_DIAG_COLUMN_NAME);
  error.position = std::atoi(field_of(result, PG_DIAG_STATEMENT_POSITION).c_str());
  return error;
}

}  // namespace

std::optional<Reply> to_reply(PGresult* result) {
  using Kind = Reply::Kind;
  if (result == nullptr) return Reply{Kind::end};
  Result owned(result);
  switch (PQresultStatus(result)) {
    case PGRES_EMPTY_QUERY:
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: return Reply{Kind::done, std::move(owned)};
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE: return Reply{Kind::error, {}, error_of(result)};
    case PGRES_PIPELINE_ABORTED: return Reply{Kind::skipped};
    case PGRES_PIPELINE_SYNC: return Reply{Kind::synced};
    default: return std::nullopt;
  }
}

bool is_connection_failure(const PGconn* connection, const PGresult* result) {
  return PQresultStatus(result) == PGRES_FATAL_ERROR && PQstatus(connection) == CONNECTION_BAD &&
         PQresultErrorField(result, PG_DIAG_SQLSTATE) == nullptr;
}

}  // namespace bascule::pg
