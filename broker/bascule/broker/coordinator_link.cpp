#include "bascule/broker/coordinator_link.hpp"

#include "bascule/broker/dispositions.hpp"
#include "bascule/broker/terminus.hpp"
#include "bascule/broker/transaction_wire.hpp"

namespace bascule::broker {
namespace {

constexpr int credit = 100;
constexpr std::size_t largest_request = 4096;

}  // namespace

CoordinatorLink::CoordinatorLink(Shared& shared, amqp::Connection& connection, pn_link_t* link,
                                 Transactions& transactions)
    : shared_(shared), connection_(connection), link_(link), transactions_(transactions) {
  pn_link_flow(link_, credit);
}

CoordinatorLink::~CoordinatorLink() {
  if (unconfirmed()) std::erase(shared_.unconfirmed, this);
}

void CoordinatorLink::on_delivery(pn_delivery_t* delivery) {
  if (pn_link_current(link_) != delivery) return;
  char buffer[1024];
  for (ssize_t n = 0; (n = pn_link_recv(link_, buffer, sizeof buffer)) > 0;) {
    request_.append(buffer, static_cast<std::size_t>(n));
    if (request_.size() > largest_request) {
      request_.clear();
      return connection_.abort("amqp:link:message-size-exceeded: a request to the coordinator is a few bytes");
    }
  }
  if (pn_delivery_aborted(delivery)) {
    request_.clear();
    return pn_delivery_settle(delivery);
  }
  if (pn_delivery_partial(delivery)) return;
  pn_link_advance(link_);
  if (pn_link_credit(link_) < 0) {
    return close_link(link_, {"amqp:link:transfer-limit-exceeded", "more was transferred than there was credit for"});
  }
  answer(delivery, std::exchange(request_, {}));
  if (pn_link_credit(link_) <= credit / 2) pn_link_flow(link_, credit - pn_link_credit(link_));
}

void CoordinatorLink::answer(pn_delivery_t* delivery, const std::string& bytes) {
  const Time now = Clock::now();
  const auto request = read_coordinator_request(amqp::as_bytes(bytes));
  if (!request) {
    return reject(delivery, "amqp:decode-error", "the coordinator takes declare and discharge, as an amqp-value");
  }
  if (!request->discharge) {
    TransactionId id = 0;
    const auto error = transactions_.declare(pn_link_session(link_), link_, now, id);
    if (error.condition != nullptr) return reject(delivery, error.condition, error.description);
    return declared(delivery, id);
  }
  Lsn lsn = 0;
  const auto error = transactions_.discharge(request->id, pn_link_session(link_), request->fail, now, lsn);
  if (error.condition != nullptr) return reject(delivery, error.condition, error.description);
  accept(delivery, lsn);
}

void CoordinatorLink::accept(pn_delivery_t* delivery, Lsn lsn) {
  if (waiting_.empty() && lsn <= shared_.storage.durable()) {
    pn_delivery_update(delivery, PN_ACCEPTED);
    return pn_delivery_settle(delivery);
  }
  if (waiting_.empty()) shared_.unconfirmed.push_back(this);
  waiting_.push_back({delivery, lsn});
}

void CoordinatorLink::confirm(Lsn lsn) {
  if (waiting_.empty()) return;
  while (!waiting_.empty() && waiting_.front().lsn <= lsn) {
    pn_delivery_update(waiting_.front().delivery, PN_ACCEPTED);
    pn_delivery_settle(waiting_.front().delivery);
    waiting_.pop_front();
  }
  connection_.wake();
}

}  // namespace bascule::broker
