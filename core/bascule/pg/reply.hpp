// How a libpq result becomes a Reply. Internal to pg.
#pragma once

#include <libpq-fe.h>

#include <optional>

#include "bascule/pg/pipeline.hpp"

namespace bascule::pg {

/// Takes `result` over (null: the end of a command's answers). None: an answer that this library never asks
/// for (COPY).
std::optional<Reply> to_reply(PGresult* result);
/// An error that libpq made up because the connection is gone, rather than one the server sent.
bool is_connection_failure(const PGconn* connection, const PGresult* result);

}  // namespace bascule::pg
