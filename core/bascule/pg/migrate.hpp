// Migrations: forward-only changes of a service's schema, applied in order, each once, in a transaction of
// its own.
//
//   bascule_migrations(orders_migrations migrations)         # CMake: embeds migrations/0001_x.sql,
//   0002_y.sql, … #include "orders_migrations.hpp"                    // declares orders_migrations()
//   co_await pg::migrate(loop, config.database, orders_migrations(), Deadline::after(60s));
//
// What was applied is recorded in the table bascule_migrations with its checksum. An applied migration whose
// text was changed, or that is missing, or that comes behind one that was applied later, stops the start-up
// with an Error that says so: write a new migration instead. The platform's own tables (outbox, inbox) are
// migrations of the same kind, in the scope "bascule"; a service's are in the scope "service". Several
// instances may start at once: an advisory lock lets one of them work, the others find it done.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/loop/deadline.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/pg/connection.hpp"
#include "bascule/pg/migrations.hpp"

namespace bascule::pg {

/// What the record says about one.
struct AppliedMigration {
  std::string name, checksum;
};

/// SHA-256 of the text, hex.
std::string migration_checksum(std::string_view sql);

/// The migrations still to be applied. Pure. Throws Error(invalid_argument) when the record and the list
/// contradict each other.
std::vector<Migration> pending_migrations(Migrations wanted, const std::vector<AppliedMigration>& applied);

/// The platform's own tables: bascule_outbox and bascule_inbox.
Migrations platform_migrations();

/// Brings the database up to date: the platform's migrations, then the service's. Returns how many were
/// applied. Waits for the database until the deadline. Errors: SqlError of the migration that failed (it left
/// nothing behind), Error.
asio::awaitable<std::size_t> migrate(Loop& loop, std::string conninfo, Migrations service, Deadline deadline);

}  // namespace bascule::pg
