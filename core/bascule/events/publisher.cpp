#include "bascule/events/publisher.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "bascule/loop/error.hpp"

namespace bascule::events {

Publisher::~Publisher() {
  for (auto& [topic, sender] : senders_) sender.close();
  for (auto& [topic, sender] : schedulers_) sender.close();
}

amqp::Sender& Publisher::sender_for(const std::string& topic, bool scheduled) {
  auto& senders = scheduled ? schedulers_ : senders_;
  const auto found = senders.find(topic);
  if (found != senders.end()) return found->second;
  amqp::SenderOptions options;
  options.address = topic;
  options.capabilities = {"topic"};
  options.settled = false;
  options.scheduled = scheduled;
  return senders.emplace(topic, connection_.open_sender(options)).first->second;
}

asio::awaitable<void> Publisher::publish(const Event& event) {
  if (!connection_.connected()) {
    throw Error(Errc::unavailable,
                "cannot publish " + event.type + ": not connected to the broker: " + connection_.last_error());
  }
  auto& sender = sender_for(event.topic, event.deliver_at_ms != 0);
  buffer_.clear();
  encode_event(event, connection_.profile(), buffer_);
  const auto [outcome, why] =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::pair<amqp::Outcome, std::string>)>(
          [this, &sender](auto handler) {
            // Shared, because send() drops the handler when it refuses.
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            const bool taken = sender.send(buffer_, [shared](amqp::Outcome what, std::string_view text) {
              std::move (*shared)(std::pair(what, std::string(text)));
            });
            if (!taken) {
              connection_.loop().post([shared] {
                std::move (*shared)(std::pair(amqp::Outcome::refused, std::string("too many events wait to be sent")));
              });
            }
          },
          asio::use_awaitable);
  if (outcome == amqp::Outcome::accepted) co_return;
  const auto code = outcome == amqp::Outcome::rejected  ? Errc::invalid_argument
                    : outcome == amqp::Outcome::refused ? Errc::resource_exhausted
                                                        : Errc::unavailable;
  throw Error(code, "the broker did not take " + event.type + " " + event.id + " (" + std::string(to_string(outcome)) +
                        "): " + why);
}

}  // namespace bascule::events
