// SCRAM-SHA-256 (RFC 5802 and 7677): a login in which neither side ever sees the other's secret.
//
// Pure: messages in, messages out; how they travel is SASL's business. Without channel binding (no -PLUS).
// Names and passwords come here prepared (saslprep.hpp).
// Thread safety: values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/amqp/sasl_crypto.hpp"

namespace bascule::amqp {

/// What a server keeps of a password: it can check one, but cannot log in with it elsewhere.
struct ScramKeys {
  std::string salt;
  std::uint32_t iterations = 0;
  Digest stored_key{}, server_key{};

  static ScramKeys derive(std::string_view password, std::string salt, std::uint32_t iterations);
  /// Is it this password? Takes the iterations' time. Any thread.
  bool match(std::string_view password) const;
};

/// One login as the server sees it: begin, challenge, finish.
class ScramServer {
 public:
  /// `nonce`: printable, without comma; empty: a random one.
  explicit ScramServer(std::string nonce = {});
  /// Reads the client's first message; the user it names, or nullopt when the message is malformed or asks for what is
  /// not offered (channel binding, an extension, to act as another user).
  std::optional<std::string> begin(std::string_view client_first);
  std::string challenge(ScramKeys keys);
  /// Checks the client's final message; the server's final message ("v=...") when the client knows the password.
  std::optional<std::string> finish(std::string_view client_final) const;

 private:
  std::string nonce_, gs2_header_, client_first_bare_, server_first_;
  ScramKeys keys_;
};

/// The result of the iterations, so that connecting again does not repeat them.
struct SaltedPassword {
  std::string salt;
  std::uint32_t iterations = 0;
  Digest value{};
};

/// One login as the client sees it: first, respond, verify.
class ScramClient {
 public:
  /// A server may ask for this many iterations (about 0.4 s); more is refused.
  static constexpr std::uint32_t max_iterations = 1'000'000;

  ScramClient(std::string user, std::string password, std::shared_ptr<SaltedPassword> memory = nullptr,
              std::string nonce = {});
  ~ScramClient() { wipe(password_); }
  ScramClient(const ScramClient&) = delete;
  ScramClient& operator=(const ScramClient&) = delete;

  std::string first() const;
  /// The answer to the server's first message; nullopt when that is malformed, or weak (under 4096 iterations).
  std::optional<std::string> respond(std::string_view server_first);
  /// Does the server know the password's keys? False for an error message too.
  bool verify(std::string_view server_final) const;

 private:
  std::string user_, password_, nonce_;
  std::shared_ptr<SaltedPassword> memory_;
  Digest server_signature_{};
  bool responded_ = false;
};

}  // namespace bascule::amqp
