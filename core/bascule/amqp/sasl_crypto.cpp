#include "bascule/amqp/sasl_crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>

namespace bascule::amqp {
namespace {

const unsigned char* as_unsigned(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void need(bool worked, const char* what) {
  if (!worked) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

}  // namespace

Digest sha256(std::string_view data) {
  Digest digest;
  need(EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1, "SHA-256");
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view data) {
  Digest digest;
  need(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_unsigned(data), data.size(), digest.data(),
            nullptr) != nullptr,
       "HMAC-SHA-256");
  return digest;
}

Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Digest digest;
  need(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), as_unsigned(salt),
                         static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                         static_cast<int>(digest.size()), digest.data()) == 1,
       "PBKDF2");
  return digest;
}

Digest exclusive_or(const Digest& a, const Digest& b) noexcept {
  Digest result;
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = a[i] ^ b[i];
  return result;
}

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a null
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), as_unsigned(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty()) return std::string();
  if (text.size() % 4 != 0) return std::nullopt;
  // OpenSSL skips white space; the same bytes must not have two spellings.
  if (text.find_first_of(" \t\r\n\v\f") != std::string_view::npos) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), as_unsigned(text),
                      static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  const auto padding = static_cast<std::size_t>(text.back() == '=') + (text[text.size() - 2] == '=' ? 1 : 0);
  bytes.erase(bytes.size() - std::min(padding, bytes.size()));
  return to_base64(bytes) == text ? std::optional(bytes) : std::nullopt;
}

bool same_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::string& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  need(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1, "random numbers");
  return bytes;
}

}  // namespace bascule::amqp
