// Management: the node `$management`, which answers requests about queues over AMQP.
//
// A request has application properties `operation` and, for most, `name` (a queue's address); its answer goes
// to its reply-to with its correlation-id (or message-id), application properties `statusCode` (200, 400,
// 404, 409) and `statusDescription`, and an amqp-value as body:
//
//   list                          every node: a list of maps
//   declare name [kind]           a queue, or with kind "topic" a topic
//   delete  name                  the node, its links and its messages
//   purge   name                  discards what waits
//   peek    name [count] [scheduled]  up to `count` (10, at most 100) waiting messages, oldest first: a list of
//                                 maps; with `scheduled` true those that are not due yet
//   cancel  name position         takes back a scheduled message, by its position as peek tells it;
//   cancel  name message-id       or all that are scheduled with this message-id (a string): how many
//   move    name to [count]       up to `count` (100) waiting messages to the node `to`, oldest first
//   redrive name [count]          dead letters back to where they came from, oldest first
//
// A thin front end of Operations. Answers come when their operation is done: one that reads messages back may be overtaken
// by a later one. Status 503: too many requests are waiting (Operations::max_waiting).
// Thread safety: the broker's loop only. Lifetime: the Operations outlive it.
#pragma once

#include "bascule/broker/operations.hpp"

namespace bascule::broker {

class Management final : public Node {
 public:
  Management(Router& router, Operations& operations)
      : Node(Kind::service, "$management"), router_(router), operations_(operations) {}

  Admission publish(const MessageRef& request, Time now) override;
  /// The same; `may` says where whoever asked may have messages put.
  void request(const MessageRef& request, Moving::May may, Time now);
  bool has_room() const noexcept override { return true; }

 private:
  struct Request;
  struct Answer {
    std::int32_t status = 200;
    std::string description = "OK";
    std::vector<std::uint8_t> value = {};  ///< encoded; empty: null
  };
  using Reply = std::function<void(const Answer&)>;

  void carry_out(const Request& request, Reply reply);
  void send(const std::string& reply_to, Bytes correlation, const Answer& answer);

  Router& router_;
  Operations& operations_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace bascule::broker
