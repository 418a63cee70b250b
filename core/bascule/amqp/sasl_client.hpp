// SaslClient: a client's login. It takes the strongest mechanism that is offered and that it has something for.
//
// Order: EXTERNAL (with a certificate and no user), SCRAM-SHA-256, PLAIN (only where nobody can listen), ANONYMOUS (only
// without a user). A SCRAM server that cannot prove that it knows the user is refused.
// Thread safety: the connection's thread.
#pragma once

#include <memory>
#include <optional>

#include "bascule/amqp/sasl.hpp"
#include "bascule/amqp/scram.hpp"

namespace bascule::amqp {

struct SaslClientOptions {
  std::string hostname;                      ///< the server's, as we know it
  std::string user, password;                ///< user empty: ANONYMOUS, or EXTERNAL with a certificate
  bool has_certificate = false;              ///< a TLS client certificate was shown
  bool may_send_password = false;            ///< TLS, loopback, or the user said so: PLAIN is allowed
  std::shared_ptr<SaltedPassword> memory{};  ///< of SCRAM, over several connections; may be null
};

class SaslClient final : public SaslLayer {
 public:
  explicit SaslClient(SaslClientOptions options);
  ~SaslClient() override;

 private:
  void on_header(bool sasl) override;
  void on_frame(std::uint8_t code, Reader fields, std::uint32_t count) override;
  void on_mechanisms(Reader fields);
  void on_challenge(std::string_view challenge);
  void on_outcome(Reader& fields, std::uint32_t count);
  std::optional<Mechanism> choose(const std::vector<std::string_view>& offered) const;
  void init(Mechanism mechanism);

  SaslClientOptions options_;
  Mechanism mechanism_ = Mechanism::anonymous;
  std::unique_ptr<ScramClient> scram_;
  bool chosen_ = false, responded_ = false, proven_ = false;
};

}  // namespace bascule::amqp
