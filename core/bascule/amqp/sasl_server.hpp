// SaslServer: the login of one client, as the server sees it. Its users are behind Authenticator.
//
// An unknown user and a wrong password cost the same work and get the same answer: outcome `auth`. One attempt a
// connection. Offered: what SaslServerOptions says, strongest first.
// Thread safety: the connection's thread; a verdict is given there too. Lifetime: shared, because a verdict may come late.
#pragma once

#include <memory>

#include "bascule/amqp/sasl.hpp"
#include "bascule/amqp/scram.hpp"
#include "bascule/loop/unique_function.hpp"

namespace bascule::amqp {

/// Who may log in; one for each connection.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// False while this peer has failed too often: it is refused without any work.
  virtual bool admits() = 0;
  struct Keys {
    ScramKeys keys;
    bool known = false;  ///< false: a stand-in for a user that does not exist; it matches nothing
  };
  virtual Keys keys_of(std::string_view user) = 0;
  enum class Verdict : std::uint8_t { right, wrong, busy };
  /// Checks a password, perhaps later (on the connection's thread). Unknown users take the same time.
  virtual void check(const std::string& user, std::string password, UniqueFunction<void(Verdict)> done) = 0;
  /// What became of an attempt, for counting and the log.
  virtual void tried(std::string_view user, Mechanism mechanism, bool succeeded) = 0;
};

/// What Identity::credential says of these keys.
std::string credential_of(const ScramKeys& keys);

struct SaslServerOptions {
  std::vector<Mechanism> mechanisms{Mechanism::anonymous};  ///< offered, in this order
  std::string external_user;                                ///< whom the client's certificate names; empty: none
};

class SaslServer final : public SaslLayer, public std::enable_shared_from_this<SaslServer> {
 public:
  /// `authenticator` may be null when neither PLAIN nor SCRAM-SHA-256 is offered.
  SaslServer(SaslServerOptions options, std::shared_ptr<Authenticator> authenticator = nullptr);
  ~SaslServer() override;

  /// Valid once done.
  const Identity& identity() const noexcept { return identity_; }

 private:
  void on_header(bool sasl) override;
  void on_frame(std::uint8_t code, Reader fields, std::uint32_t count) override;
  void on_init(Reader& fields, std::uint32_t count);
  void on_response(std::string_view response);
  void on_external(std::string_view response);
  void on_plain(std::string_view response);
  void on_scram_first(std::string_view response);
  void on_scram_final(std::string_view response);
  void challenge(std::string_view data);
  void succeed(std::string user, std::string_view additional = {});
  void refuse(SaslCode code, std::string why);
  bool offers(Mechanism mechanism) const noexcept;

  enum class Step : std::uint8_t { init, first, scram_final };
  const SaslServerOptions options_;
  const std::shared_ptr<Authenticator> authenticator_;
  Identity identity_;
  Mechanism mechanism_ = Mechanism::anonymous;
  Step step_ = Step::init;
  std::unique_ptr<ScramServer> scram_;
  std::string user_, credential_;
  bool known_ = false;
};

}  // namespace bascule::amqp
