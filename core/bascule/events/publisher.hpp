// Publisher: sends events and waits until the broker has taken them.
//
// What: one sender a topic, unsettled; publish() returns once the broker accepted. Several may be under way; those of one
// topic are accepted in the order published.
// Errors: Error(Errc::unavailable) when the connection is lost first or the broker gives the event back (send it again: the
// consumers' inboxes drop the second), Error(Errc::invalid_argument) when the broker rejects it, Errc::resource_exhausted at
// the sender's bound.
// Thread safety: the loop's thread. Lifetime: the amqp::Client must outlive it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <unordered_map>

#include "bascule/amqp/client.hpp"
#include "bascule/events/event.hpp"

namespace bascule::events {

namespace asio = boost::asio;

class Publisher {
 public:
  explicit Publisher(amqp::Client& connection) : connection_(connection) {}
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  asio::awaitable<void> publish(const Event& event);

 private:
  amqp::Sender& sender_for(const std::string& topic, bool scheduled);

  amqp::Client& connection_;
  std::unordered_map<std::string, amqp::Sender> senders_, schedulers_;
  std::string buffer_;
};

}  // namespace bascule::events
