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
// Thread safety: the broker's loop only.
#pragma once

#include "bascule/broker/router.hpp"

namespace bascule::broker {

class Management final : public Node {
 public:
  explicit Management(Router& router) : Node(Kind::service, "$management"), router_(router) {}

  Admission publish(const MessageRef& request, Time now) override;
  bool has_room() const noexcept override { return true; }

 private:
  struct Request {
    std::string operation, name, to, kind, message_id;
    std::optional<std::uint64_t> count, position;
    bool scheduled = false;
  };
  struct Answer {
    std::int32_t status = 200;
    std::string description = "OK";
    std::vector<std::uint8_t> value = {};  ///< encoded; empty: null
  };

  Answer answer(const Request& request, Time now);
  Answer list() const;
  Answer declare(const Request& request);
  Answer remove(const Request& request);
  Answer purge(const Request& request, Time now);
  Answer peek(const Request& request) const;
  Answer cancel(const Request& request, Time now);
  Answer move(const Request& request, Time now);
  Answer redrive(const Request& request, Time now);
  Queue* queue(const std::string& address) const;

  Router& router_;
};

}  // namespace bascule::broker
