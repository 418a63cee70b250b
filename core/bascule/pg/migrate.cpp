#include "bascule/pg/migrate.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "bascule/loop/backoff.hpp"
#include "bascule/loop/error.hpp"
#include "bascule_platform_migrations.hpp"

namespace bascule::pg {
namespace {

[[noreturn]] void contradict(const std::string& what) {
  throw Error(Errc::invalid_argument, "the database's schema and this program do not fit: " + what);
}

/// Some number that no application is likely to lock by.
constexpr std::int64_t lock_key = 0x6261'7363'756c'6501;

asio::awaitable<std::shared_ptr<Connection>> connect(Loop& loop, std::string conninfo, Deadline deadline) {
  const ConnectionOptions options{.conninfo = std::move(conninfo)};
  Backoff backoff({.first = std::chrono::milliseconds(100), .most = std::chrono::seconds(1)});
  std::mt19937_64 random(std::random_device{}());
  asio::steady_timer pause(loop.context());
  for (;;) {
    const auto connection = std::make_shared<Connection>(loop, options);
    try {
      co_await connection->connect(deadline);
      co_return connection;
    } catch (const Error& error) {
      if (error.code() != Errc::unavailable || deadline.expired()) throw;
    }
    pause.expires_at(std::min(deadline.at(), Clock::now() + backoff.next(random())));
    co_await pause.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<std::vector<AppliedMigration>> applied(Connection& db, std::string_view scope, Deadline deadline) {
  const auto rows =
      co_await db.exec(deadline, "select name, checksum from bascule_migrations where scope = $1 order by name", scope);
  std::vector<AppliedMigration> record;
  for (const auto& row : rows) record.push_back({row.get<std::string>("name"), row.get<std::string>("checksum")});
  co_return record;
}

asio::awaitable<void> apply(Connection& db, std::string_view scope, Migration migration, Deadline deadline) {
  co_await db.exec(deadline, "begin");
  try {
    co_await db.script(deadline, std::string(migration.sql));
    co_await db.exec(deadline, "insert into bascule_migrations (scope, name, checksum) values ($1, $2, $3)", scope,
                     migration.name, migration_checksum(migration.sql));
    co_await db.exec(deadline, "commit");
  } catch (const SqlError& error) {
    auto fields = error.fields();
    fields.message = "migration " + std::string(migration.name) + ": " + fields.message;
    throw SqlError(std::move(fields));  // the connection is dropped by migrate(), and the transaction with it
  }
}

asio::awaitable<std::size_t> bring_up(Connection& db, std::string_view scope, Migrations wanted, Deadline deadline) {
  const auto record = co_await applied(db, scope, deadline);
  const auto pending = pending_migrations(wanted, record);
  for (const auto& migration : pending) co_await apply(db, scope, migration, deadline);
  co_return pending.size();
}

}  // namespace

Migrations platform_migrations() { return bascule_platform_migrations(); }

std::string migration_checksum(std::string_view sql) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(sql.data(), sql.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw Error(Errc::internal, "OpenSSL cannot compute SHA-256: check its configuration (FIPS provider?)");
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    text += hex[digest[i] >> 4];
    text += hex[digest[i] & 15];
  }
  return text;
}

std::vector<Migration> pending_migrations(Migrations wanted, const std::vector<AppliedMigration>& applied) {
  for (std::size_t i = 1; i < wanted.size(); ++i) {
    if (wanted[i].name <= wanted[i - 1].name)
      contradict("the migrations " + std::string(wanted[i - 1].name) + " and " + std::string(wanted[i].name) +
                 " are not in ascending order of their names");
  }
  std::size_t at = 0;
  for (const auto& done : applied) {
    if (at == wanted.size() || wanted[at].name > done.name) {
      contradict("migration " + done.name +
                 " was applied to the database, and this program does not know it: an older " +
                 "program, or a migration that was removed");
    }
    if (wanted[at].name < done.name) {
      contradict("migration " + std::string(wanted[at].name) + " is new but sorts before " + done.name +
                 ", which is applied already: give it a higher number");
    }
    if (migration_checksum(wanted[at].sql) != done.checksum) {
      contradict("migration " + done.name +
                 " was changed after it was applied: undo the change and write a new migration");
    }
    ++at;
  }
  return {wanted.begin() + static_cast<std::ptrdiff_t>(at), wanted.end()};
}

asio::awaitable<std::size_t> migrate(Loop& loop, std::string conninfo, Migrations service, Deadline deadline) {
  const auto db = co_await connect(loop, std::move(conninfo), deadline);
  // A session lock: released with the connection, whatever becomes of this program.
  co_await db->exec(deadline, "select pg_advisory_lock($1)", lock_key);
  co_await db->exec(
      deadline,
      "create table if not exists bascule_migrations (scope text not null, name text not null, "
      "checksum text not null, applied_at timestamptz not null default now(), primary key (scope, name))");
  const auto own = co_await bring_up(*db, "bascule", platform_migrations(), deadline);
  const auto services = co_await bring_up(*db, "service", service, deadline);
  db->close();
  co_return own + services;
}

}  // namespace bascule::pg
