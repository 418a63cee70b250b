// Names that nobody can guess, for dynamic nodes and unnamed subscriptions.
#pragma once

#include <string>
#include <string_view>

namespace bascule::broker {

/// `prefix` and 128 bits of the kernel's randomness in hexadecimal. Knowing the name is the right to send to
/// it.
std::string unguessable_name(std::string_view prefix);

}  // namespace bascule::broker
