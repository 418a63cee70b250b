#include "bascule/events/inbox.hpp"

#include <openssl/evp.h>

#include <array>

#include "bascule/loop/error.hpp"

namespace bascule::events {
namespace {

// Free, with copies as arguments: the caller's views need not outlive the first suspension.
asio::awaitable<InboxEntry> begin(pg::Transaction& tx, std::string consumer, std::string id,
                                  std::optional<pg::Bytes> hash) {
  const auto claim = tx.queue(
      "insert into bascule_inbox (consumer, message_id, request_hash) values ($1, $2, $3) on conflict do "
      "nothing",
      consumer, id, hash);
  // Its snapshot is newer than the insert's end: it sees the row that was in the way.
  tx.queue("select reply, request_hash from bascule_inbox where consumer = $1 and message_id = $2", consumer, id);
  const auto results = co_await tx.flush();
  if (results.at(claim).affected() == 1) co_return InboxEntry{};
  const auto& found = results.at(claim + 1);
  if (found.empty())
    throw Error(Errc::unavailable, "the inbox entry of " + consumer + " " + id + " was removed meanwhile: try again");
  const auto row = found[0];
  const auto first = row.get<std::optional<pg::Bytes>>("request_hash");
  if (hash && first && *hash != *first) {
    throw Error(Errc::invalid_argument, "the idempotency key \"" + id + "\" was used for another request to " +
                                            consumer + ": use a new key for a new request");
  }
  auto reply = row.get<std::optional<pg::Bytes>>("reply");
  InboxEntry entry{.duplicate = true};
  if (reply) entry.reply = std::move(reply->data);
  co_return entry;
}

}  // namespace

asio::awaitable<InboxEntry> inbox_begin(pg::Transaction& tx, std::string_view consumer, std::string_view id,
                                        std::string_view request_hash) {
  std::optional<pg::Bytes> hash;
  if (!request_hash.empty()) hash = pg::Bytes{std::string(request_hash)};
  return begin(tx, std::string(consumer), std::string(id), std::move(hash));
}

void inbox_store_reply(pg::Transaction& tx, std::string_view consumer, std::string_view id, std::string reply) {
  tx.queue("update bascule_inbox set reply = $3 where consumer = $1 and message_id = $2", consumer, id,
           pg::Bytes{std::move(reply)});
}

std::string inbox_request_hash(std::string_view method, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  std::string text;
  text.reserve(method.size() + 1 + body.size());
  text.append(method).append(1, '\0').append(body);  // a method's name has no NUL: the two cannot run into each other
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw Error(Errc::internal, "OpenSSL cannot compute SHA-256: check its configuration (FIPS provider?)");
  return {reinterpret_cast<const char*>(digest.data()), length};
}

asio::awaitable<std::uint64_t> inbox_prune(pg::Connection& db, std::chrono::seconds age, Deadline deadline) {
  constexpr std::uint64_t step = 1000;  // short transactions: consumers that insert are not held up
  std::uint64_t removed = 0;
  for (;;) {
    const auto gone = co_await db.exec(deadline,
                                       "delete from bascule_inbox where ctid = any(array(select ctid from bascule_inbox"
                                       " where at < now() - make_interval(secs => $1) order by at limit $2))",
                                       static_cast<double>(age.count()), step);
    removed += gone.affected();
    if (gone.affected() < step) co_return removed;
  }
}

}  // namespace bascule::events
