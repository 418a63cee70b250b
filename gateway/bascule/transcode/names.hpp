// A set of names fixed at compile time of a plan, looked up by bytes of a JSON text: fields of a struct,
// names of an enum.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::transcode {

/// A name prepared for comparing with 16 bytes at once. The text compared with must have 16 readable bytes.
struct Name {
  std::array<std::uint64_t, 2> word{};  ///< the first 16 bytes of the name and its closing quote
  std::array<std::uint64_t, 2> mask{};  ///< which of them count
  std::string text;

  explicit Name(std::string_view name) : text(name) {
    std::array<char, 16> bytes{}, counts{};
    const std::string quoted = text + '"';
    for (std::size_t i = 0; i < std::min<std::size_t>(quoted.size(), 16); ++i) {
      bytes[i] = quoted[i];
      counts[i] = '\xff';
    }
    std::memcpy(word.data(), bytes.data(), 16);
    std::memcpy(mask.data(), counts.data(), 16);
  }

  /// Whether at begins with this name and a closing quote.
  bool matches(const char* at) const noexcept {
    std::uint64_t head, tail;
    std::memcpy(&head, at, 8);
    std::memcpy(&tail, at + 8, 8);
    if ((((head ^ word[0]) & mask[0]) | ((tail ^ word[1]) & mask[1])) != 0) return false;
    // strncmp, not memcmp: it reads no further than the NUL behind the JSON text.
    return text.size() < 16 ||
           (std::strncmp(at + 16, text.data() + 16, text.size() - 16) == 0 && at[text.size()] == '"');
  }
};

/// Name to index, by open addressing. Filled once, read from any thread.
class Names {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  void build(const std::vector<std::string_view>& names);
  /// The index of a name, or none. Any bytes may be asked for.
  std::uint32_t find(std::string_view name) const noexcept;

 private:
  struct Slot {
    std::string name;
    std::uint32_t index = none;
  };
  static std::uint64_t hash(std::string_view name) noexcept;
  std::vector<Slot> slots_{1};
  std::uint64_t mask_ = 0;
};

}  // namespace bascule::transcode
