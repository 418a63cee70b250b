// A server that wants a login: no input may open a connection without one that is right.
#include "bascule/amqp/sasl_server.hpp"
#include "fuzz/amqp/target.hpp"

namespace bascule::amqp::fuzz {
namespace {

struct OneUser final : Authenticator {
  bool admits() override { return true; }
  Keys keys_of(std::string_view user) override {
    static const auto keys = ScramKeys::derive("secret", "salt", 4096);
    return {keys, user == "alice"};
  }
  void check(const std::string& user, std::string password, UniqueFunction<void(Verdict)> done) override {
    right = user == "alice" && password == "secret";
    done(right ? Verdict::right : Verdict::wrong);
  }
  void tried(std::string_view, Mechanism, bool) override {}
  bool right = false;
};

EngineOptions server(std::vector<Mechanism> mechanisms, std::shared_ptr<Authenticator> users) {
  EngineOptions options;
  options.server = true;
  options.container_id = "server";
  options.sasl = std::make_shared<SaslServer>(SaslServerOptions{std::move(mechanisms), {}}, std::move(users));
  return options;
}

}  // namespace

void one_input(std::string_view input) {
  const auto users = std::make_shared<OneUser>();
  Engine asking(server({Mechanism::scram_sha_256, Mechanism::plain, Mechanism::external}, users));
  const int opened = exchange(asking, input);
  // SCRAM has a nonce of the server's that no input can foresee, and EXTERNAL has no certificate: only PLAIN can be right.
  require(opened == 0 || users->right);
  // And one that takes everybody, for what comes behind the login.
  Engine open(server({Mechanism::anonymous}, nullptr));
  require(exchange(open, input) <= 1);
}

}  // namespace bascule::amqp::fuzz
