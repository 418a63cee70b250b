#include "bascule/amqp/sasl_client.hpp"

#include <algorithm>

#include "bascule/amqp/saslprep.hpp"

namespace bascule::amqp {
namespace {

// A server may send one symbol instead of an array of them.
std::vector<std::string_view> read_symbols(Reader fields) {
  std::vector<std::string_view> symbols;
  const auto encoded = as_text(fields.value());
  if (encoded.empty()) return symbols;
  const auto code = static_cast<unsigned char>(encoded[0]);
  if (code == 0xa3 || code == 0xb3) {
    symbols.push_back(Reader(encoded).text().value_or(""));
    return symbols;
  }
  const std::size_t width = code == 0xe0 ? 1 : code == 0xf0 ? 4 : 0;
  if (width == 0 || encoded.size() < 2 + 2 * width) return symbols;
  const auto load = [&encoded](std::size_t at, std::size_t bytes) {
    std::size_t value = 0;
    for (; bytes > 0; --bytes, ++at) value = value << 8 | static_cast<unsigned char>(encoded[at]);
    return value;
  };
  const auto count = load(1 + width, width);
  auto at = 1 + 2 * width;
  const std::size_t length = static_cast<unsigned char>(encoded[at]) == 0xa3 ? 1 : 4;
  ++at;
  for (std::size_t i = 0; i < count && i < 64 && at + length <= encoded.size(); ++i) {
    const auto size = load(at, length);
    if (size > encoded.size() - at - length) break;
    symbols.push_back(encoded.substr(at + length, size));
    at += length + size;
  }
  return symbols;
}

}  // namespace

SaslClient::SaslClient(SaslClientOptions options) : options_(std::move(options)) { send_header(); }

SaslClient::~SaslClient() { wipe(options_.password); }

void SaslClient::on_header(bool sasl) {
  if (!sasl) fail("the broker does not speak SASL");
}

void SaslClient::on_frame(std::uint8_t code, Reader fields, std::uint32_t count) {
  if (code == sasl::mechanisms && !chosen_) return on_mechanisms(fields);
  if (code == sasl::challenge && chosen_) return on_challenge(count > 0 ? fields.bytes().value_or("") : "");
  if (code == sasl::outcome && chosen_) return on_outcome(fields, count);
  fail("the broker sent a SASL frame that is not expected now");
}

std::optional<Mechanism> SaslClient::choose(const std::vector<std::string_view>& offered) const {
  const auto has = [&](Mechanism m) {
    return std::find(offered.begin(), offered.end(), to_string(m)) != offered.end();
  };
  const bool user = !options_.user.empty();
  if (!user && options_.has_certificate && has(Mechanism::external)) return Mechanism::external;
  if (user && has(Mechanism::scram_sha_256)) return Mechanism::scram_sha_256;
  if (user && options_.may_send_password && has(Mechanism::plain)) return Mechanism::plain;
  if (!user && has(Mechanism::anonymous)) return Mechanism::anonymous;
  return std::nullopt;
}

void SaslClient::on_mechanisms(Reader fields) {
  const auto offered = read_symbols(fields);
  chosen_ = true;
  if (const auto mechanism = choose(offered)) return init(*mechanism);
  std::string names;
  for (const auto name : offered) names += (names.empty() ? "" : ", ") + std::string(name.substr(0, 40));
  const bool plain = std::find(offered.begin(), offered.end(), "PLAIN") != offered.end();
  fail("no way to log in: the broker offers " + (names.empty() ? "nothing" : names) +
       (options_.user.empty() ? "; give a user and password, or a client certificate"
        : plain && !options_.may_send_password
            ? ", and a password is not sent without TLS (amqps://, or allow_plain_without_tls=true)"
            : ", and none of them takes a user and password"));
}

void SaslClient::init(Mechanism mechanism) {
  mechanism_ = mechanism;
  std::string response;
  switch (mechanism) {
    case Mechanism::plain: response = '\0' + options_.user + '\0' + options_.password; break;
    case Mechanism::scram_sha_256: {
      // RFC 5802, 5.1. PLAIN leaves it to the server (RFC 4616), and others' servers do not all do it.
      auto user = saslprep(options_.user, Prepared::query), password = saslprep(options_.password, Prepared::query);
      if (!user || !password) return fail("the user's name or password is not what SASLprep (RFC 4013) allows");
      scram_ = std::make_unique<ScramClient>(std::move(*user), *password, options_.memory);
      wipe(*password);
      response = scram_->first();
      break;
    }
    case Mechanism::anonymous: response = "bascule"; break;
    case Mechanism::external: break;
  }
  send(sasl::init, 3, [&](Writer& writer) {
    writer.symbol(to_string(mechanism));
    writer.binary(response);
    options_.hostname.empty() ? writer.null() : writer.string(options_.hostname);
  });
  wipe(response);
}

void SaslClient::on_challenge(std::string_view challenge) {
  std::string answer;
  if (scram_ && !responded_ && !challenge.empty()) {
    auto final = scram_->respond(challenge);
    if (!final) return fail("the broker's SCRAM challenge is malformed, weak or not an answer to ours");
    answer = std::move(*final);
    responded_ = true;
  } else if (scram_ && responded_) {
    // Some servers send their proof as a challenge, not with the outcome.
    proven_ = scram_->verify(challenge);
    if (!proven_) return fail("the broker does not know this user's keys: it is not the one it says");
  }
  send(sasl::response, 1, [&](Writer& writer) { writer.binary(answer); });
}

void SaslClient::on_outcome(Reader& fields, std::uint32_t count) {
  constexpr std::uint64_t none = 255;
  const auto code = count > 0 ? fields.unsigned_integer().value_or(none) : none;
  const auto additional = count > 1 ? fields.bytes() : std::nullopt;
  if (code == 0) {
    if (scram_ && !proven_ && !(additional && scram_->verify(*additional))) {
      return fail("the broker does not know this user's keys: it is not the one it says");
    }
    return done();
  }
  const std::string how = " (" + std::string(to_string(mechanism_)) + ")";
  if (code == 4) return fail("the broker takes no login now" + how + "; it will be tried again");
  fail(options_.user.empty()
           ? "the broker refused the login" + how
           : "the broker refused the login of '" + options_.user + "'" + how + ": unknown user or wrong password");
}

}  // namespace bascule::amqp
