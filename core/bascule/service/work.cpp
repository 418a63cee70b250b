#include "bascule/service/work.hpp"

#include "bascule/events/inbox.hpp"
#include "bascule/events/outbox.hpp"

namespace bascule::service {
namespace {
// For work without a deadline (events): longer than any honest handler, short enough to free a stuck connection.
constexpr std::chrono::seconds longest_transaction{30};
}  // namespace

Deadline Work::transaction_deadline() const { return deadline().earlier(Deadline::after(longest_transaction)); }

pg::Pool& Work::database() {
  if (platform_.database == nullptr) {
    throw Error(Errc::unavailable, "this service has no database: set `database` in its section of the configuration");
  }
  return *platform_.database;
}

asio::awaitable<pg::Transaction*> Work::transaction() {
  if (!transaction_) transaction_.emplace(co_await database().begin(transaction_deadline()));
  co_return &*transaction_;
}

asio::awaitable<void> Work::emit(EncodedEvent event) {
  auto* const tx = co_await transaction();
  events::OutboxRow row{.topic = std::move(event.topic),
                        .type = std::move(event.type),
                        .key = std::move(event.key),
                        .body = std::move(event.body)};
  if (trace().valid()) {
    row.headers.emplace_back("traceparent", trace().traceparent());
    if (!trace().state.empty()) row.headers.emplace_back("tracestate", trace().state);
  }
  events::outbox_add(*tx, std::move(row));
  if (platform_.outbox_written) tx->after_commit(platform_.outbox_written);
}

asio::awaitable<std::optional<std::string>> Work::begin_once(InboxKey key) {
  key_ = std::move(key);
  auto* const tx = co_await transaction();
  const auto entry = co_await events::inbox_begin(*tx, key_->consumer, key_->id, key_->request_hash);
  if (!entry.duplicate) co_return std::nullopt;
  co_await tx->rollback();
  transaction_.reset();
  co_return entry.reply.value_or("");
}

asio::awaitable<void> Work::commit(std::string_view reply) {
  if (!transaction_) co_return;
  if (key_ && !reply.empty()) events::inbox_store_reply(*transaction_, key_->consumer, key_->id, std::string(reply));
  co_await transaction_->commit();
  transaction_.reset();
}

asio::awaitable<void> Work::rollback() {
  if (!transaction_) co_return;
  co_await transaction_->rollback();
  transaction_.reset();
}

}  // namespace bascule::service
