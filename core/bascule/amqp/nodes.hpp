// Nodes: declares queues, exchanges and bindings on a broker where attaching a link does not.
//
// What: RabbitMQ 4 is asked over AMQP (requests to its node /management), RabbitMQ 3 over the HTTP interface of its
// management plugin; the requests are the same but for their paths and the form of their bodies (nodes_requests.hpp).
// Errors: `done` gets a sentence that says what the broker refused, and why; empty when all is there.
// Lifetime: of one connection; what was not done when it ends is forgotten. Thread safety: the loop's thread.
#pragma once

#include <proton/session.h>

#include <memory>
#include <string>
#include <vector>

#include "bascule/amqp/connection.hpp"
#include "bascule/amqp/url.hpp"
#include "bascule/loop/unique_function.hpp"
#include "bascule/profile/profile.hpp"

namespace bascule::amqp {

class Nodes {
 public:
  using Done = UniqueFunction<void(const std::string& error)>;
  virtual ~Nodes() = default;
  /// In order. `done` runs once, never inside the call.
  virtual void declare(std::vector<profile::Declaration> wanted, Done done) = 0;
};

std::unique_ptr<Nodes> make_amqp_nodes(Connection& connection, pn_session_t* session);
std::unique_ptr<Nodes> make_http_nodes(Loop& loop, const Url& url);

/// nullptr where nothing needs to be declared.
std::unique_ptr<Nodes> make_nodes(profile::Management how, Loop& loop, Connection& connection, pn_session_t* session,
                                  const Url& url);

}  // namespace bascule::amqp
