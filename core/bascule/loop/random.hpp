// Random numbers: fast ones for jitter and ids, and unguessable ones for names that grant access.
// Thread safety: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bascule {

/// 64 uniformly random bits from a generator of the calling thread. Not for secrets.
std::uint64_t random_bits() noexcept;
/// `bytes` bytes from the kernel (getrandom), as lower-case hex. For secrets. Throws std::system_error.
std::string secret_token(std::size_t bytes);

}  // namespace bascule
