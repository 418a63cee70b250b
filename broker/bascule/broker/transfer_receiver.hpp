// TransferReceiver: a link on which a client sends: to a node (IncomingLink) or to the coordinator (CoordinatorLink).
#pragma once

#include <proton/delivery.h>

#include "bascule/broker/entries.hpp"

namespace bascule::broker {

class TransferReceiver {
 public:
  virtual ~TransferReceiver() = default;
  /// Something arrived on a delivery of this link, or its sender settled it.
  virtual void on_delivery(pn_delivery_t* delivery) = 0;
  /// The storage is durable up to `lsn`.
  virtual void confirm(Lsn lsn) = 0;
  /// It has deliveries that wait for the storage.
  virtual bool unconfirmed() const noexcept = 0;
};

}  // namespace bascule::broker
