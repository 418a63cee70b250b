// A client with a password: no server's bytes may make it believe a SCRAM login, for want of a proof.
#include <proton/connection.h>

#include "bascule/amqp/sasl_client.hpp"
#include "fuzz/amqp/target.hpp"

namespace bascule::amqp::fuzz {
namespace {

int opened_by(std::string_view input, bool may_send_password, const std::string& user) {
  // As if the iterations were done: an input must not cost half a second.
  auto memory = std::make_shared<SaltedPassword>();
  *memory = {"salt", 4096, {}};
  EngineOptions options;
  options.container_id = "client";
  options.sasl = std::make_shared<SaslClient>(SaslClientOptions{.hostname = "host",
                                                                .user = user,
                                                                .password = "secret",
                                                                .has_certificate = false,
                                                                .may_send_password = may_send_password,
                                                                .memory = std::move(memory)});
  Engine engine(options);
  pn_connection_open(engine.connection());
  return exchange(engine, input);
}

}  // namespace

void one_input(std::string_view input) {
  require(opened_by(input, false, "alice") == 0);
  require(opened_by(input, true, "alice") <= 1);
  require(opened_by(input, true, "") <= 1);
}

}  // namespace bascule::amqp::fuzz
