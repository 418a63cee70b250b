// CoordinatorLink: a client's link to the transaction coordinator: it declares and discharges transactions.
//
// A declare is answered with `declared` and the transaction's id; a discharge with `accepted`, once all of the
// transaction is durable, or with `rejected` and why. When the link goes, what it declared is rolled back. Thread safety:
// the broker's loop only. Lifetime: owned by its ClientConnection.
#pragma once

#include <proton/link.h>

#include <deque>
#include <string>

#include "bascule/amqp/connection.hpp"
#include "bascule/broker/shared.hpp"
#include "bascule/broker/transfer_receiver.hpp"

namespace bascule::broker {

class CoordinatorLink final : public TransferReceiver {
 public:
  CoordinatorLink(Shared& shared, amqp::Connection& connection, pn_link_t* link, Transactions& transactions);
  ~CoordinatorLink() override;

  void on_delivery(pn_delivery_t* delivery) override;
  void confirm(Lsn lsn) override;
  bool unconfirmed() const noexcept override { return !waiting_.empty(); }

 private:
  void answer(pn_delivery_t* delivery, const std::string& request);
  void accept(pn_delivery_t* delivery, Lsn lsn);

  Shared& shared_;
  amqp::Connection& connection_;
  pn_link_t* const link_;
  Transactions& transactions_;
  std::string request_;
  struct Waiting {
    pn_delivery_t* delivery;
    Lsn lsn;
  };
  std::deque<Waiting> waiting_;
};

}  // namespace bascule::broker
