#include "bascule/amqp/scram.hpp"

#include <charconv>

namespace bascule::amqp {
namespace {

constexpr std::uint32_t least_iterations = 4096;  // RFC 7677, section 4

// The next attribute `name=value`, without its comma; nullopt when it is not there or has another name.
std::optional<std::string_view> take(std::string_view& message, char name) {
  if (message.size() < 2 || message[0] != name || message[1] != '=') return std::nullopt;
  const auto comma = message.find(',');
  const auto value = message.substr(2, comma == std::string_view::npos ? comma : comma - 2);
  message = comma == std::string_view::npos ? std::string_view() : message.substr(comma + 1);
  return value;
}

// RFC 5802, section 5.1: ',' and '=' in names travel as =2C and =3D.
std::string escape(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',' || c == '=') {
      out += c == ',' ? "=2C" : "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> unescape(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '=') {
      out += name[i];
      continue;
    }
    const auto code = name.substr(i + 1, 2);
    if (code != "2C" && code != "3D") return std::nullopt;
    out += code == "2C" ? ',' : '=';
    i += 2;
  }
  return out;
}

bool is_nonce(std::string_view text) {
  for (const char c : text) {
    if (c < 0x21 || c > 0x7e || c == ',') return false;
  }
  return !text.empty();
}

std::string fresh_nonce() { return to_base64(random_bytes(18)); }

}  // namespace

ScramKeys ScramKeys::derive(std::string_view password, std::string salt, std::uint32_t iterations) {
  const auto salted = pbkdf2_sha256(password, salt, iterations);
  const auto client_key = hmac_sha256(bytes_of(salted), "Client Key");
  return {std::move(salt), iterations, sha256(bytes_of(client_key)), hmac_sha256(bytes_of(salted), "Server Key")};
}

bool ScramKeys::match(std::string_view password) const {
  return same_secret(bytes_of(derive(password, salt, iterations).stored_key), bytes_of(stored_key));
}

ScramServer::ScramServer(std::string nonce) : nonce_(nonce.empty() ? fresh_nonce() : std::move(nonce)) {}

std::optional<std::string> ScramServer::begin(std::string_view client_first) {
  // gs2-cbind-flag: "n" or "y"; "p=..." would bind to a channel.
  const auto flag_end = client_first.find(',');
  if (flag_end != 1 || (client_first[0] != 'n' && client_first[0] != 'y')) return std::nullopt;
  const auto header_end = client_first.find(',', flag_end + 1);
  if (header_end == std::string_view::npos) return std::nullopt;
  gs2_header_ = client_first.substr(0, header_end + 1);
  auto authorization = client_first.substr(2, header_end - 2);
  auto bare = client_first.substr(header_end + 1);
  client_first_bare_ = bare;
  const auto name = take(bare, 'n');
  const auto nonce = take(bare, 'r');
  if (!name || !nonce || !is_nonce(*nonce)) return std::nullopt;
  auto user = unescape(*name);
  if (!user || user->empty()) return std::nullopt;
  if (!authorization.empty()) {
    const auto other = take(authorization, 'a');
    if (!other || unescape(*other) != user) return std::nullopt;
  }
  nonce_ = std::string(*nonce) + nonce_;
  return user;
}

std::string ScramServer::challenge(ScramKeys keys) {
  keys_ = std::move(keys);
  server_first_ = "r=" + nonce_ + ",s=" + to_base64(keys_.salt) + ",i=" + std::to_string(keys_.iterations);
  return server_first_;
}

std::optional<std::string> ScramServer::finish(std::string_view client_final) const {
  const auto proof_at = client_final.rfind(",p=");
  if (proof_at == std::string_view::npos || server_first_.empty()) return std::nullopt;
  auto rest = client_final;
  const auto binding = take(rest, 'c');
  const auto nonce = take(rest, 'r');
  const auto proof = from_base64(client_final.substr(proof_at + 3));
  if (!binding || *binding != to_base64(gs2_header_) || !nonce || !same_secret(*nonce, nonce_)) return std::nullopt;
  if (!proof || proof->size() != Digest().size()) return std::nullopt;
  const std::string message =
      client_first_bare_ + "," + server_first_ + "," + std::string(client_final.substr(0, proof_at));
  Digest sent;
  std::copy(proof->begin(), proof->end(), sent.begin());
  const auto client_key = exclusive_or(sent, hmac_sha256(bytes_of(keys_.stored_key), message));
  if (!same_secret(bytes_of(sha256(bytes_of(client_key))), bytes_of(keys_.stored_key))) return std::nullopt;
  return "v=" + to_base64(bytes_of(hmac_sha256(bytes_of(keys_.server_key), message)));
}

ScramClient::ScramClient(std::string user, std::string password, std::shared_ptr<SaltedPassword> memory,
                         std::string nonce)
    : user_(std::move(user)),
      password_(std::move(password)),
      nonce_(nonce.empty() ? fresh_nonce() : std::move(nonce)),
      memory_(memory ? std::move(memory) : std::make_shared<SaltedPassword>()) {}

std::string ScramClient::first() const { return "n,,n=" + escape(user_) + ",r=" + nonce_; }

std::optional<std::string> ScramClient::respond(std::string_view server_first) {
  auto rest = server_first;
  const auto nonce = take(rest, 'r');
  const auto salt_text = take(rest, 's');
  const auto count = take(rest, 'i');
  if (!nonce || !salt_text || !count || !is_nonce(*nonce)) return std::nullopt;
  // The server must have added to our nonce, or an old exchange could be played back.
  if (nonce->size() <= nonce_.size() || !nonce->starts_with(nonce_)) return std::nullopt;
  const auto salt = from_base64(*salt_text);
  std::uint32_t iterations = 0;
  const auto parsed = std::from_chars(count->data(), count->data() + count->size(), iterations);
  if (!salt || salt->empty() || parsed.ec != std::errc() || parsed.ptr != count->data() + count->size() ||
      iterations < least_iterations || iterations > max_iterations) {
    return std::nullopt;
  }
  if (memory_->salt != *salt || memory_->iterations != iterations) {
    *memory_ = {*salt, iterations, pbkdf2_sha256(password_, *salt, iterations)};
  }
  const auto client_key = hmac_sha256(bytes_of(memory_->value), "Client Key");
  const auto final_bare = "c=biws,r=" + std::string(*nonce);
  const auto message = "n=" + escape(user_) + ",r=" + nonce_ + "," + std::string(server_first) + "," + final_bare;
  const auto proof = exclusive_or(client_key, hmac_sha256(bytes_of(sha256(bytes_of(client_key))), message));
  server_signature_ = hmac_sha256(bytes_of(hmac_sha256(bytes_of(memory_->value), "Server Key")), message);
  responded_ = true;
  return final_bare + ",p=" + to_base64(bytes_of(proof));
}

bool ScramClient::verify(std::string_view server_final) const {
  const auto signature = take(server_final, 'v');
  const auto bytes = signature ? from_base64(*signature) : std::nullopt;
  return responded_ && bytes && same_secret(*bytes, bytes_of(server_signature_));
}

}  // namespace bascule::amqp
