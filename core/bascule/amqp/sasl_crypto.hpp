// The few primitives SASL needs, by OpenSSL: SHA-256, HMAC, PBKDF2, base64, and comparing without a clue.
//
// Errors: std::runtime_error when OpenSSL fails, which it does only out of memory. Thread safety: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::amqp {

using Digest = std::array<std::uint8_t, 32>;

inline std::string_view bytes_of(const Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
Digest sha256(std::string_view data);
Digest hmac_sha256(std::string_view key, std::string_view data);
/// PBKDF2 with HMAC-SHA-256, one block: `Hi` of RFC 5802. About 0.4 us an iteration.
Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations);
Digest exclusive_or(const Digest& a, const Digest& b) noexcept;

std::string to_base64(std::string_view bytes);
/// Strict: padded, no white space, nothing behind. nullopt otherwise.
std::optional<std::string> from_base64(std::string_view text);

/// Takes the same time whatever the contents are (lengths are no secret).
bool same_secret(std::string_view a, std::string_view b) noexcept;
/// Overwrites what it held, which the compiler may not leave out.
void wipe(std::string& secret) noexcept;
/// Unguessable bytes from the kernel.
std::string random_bytes(std::size_t count);

}  // namespace bascule::amqp
