#include "bascule/telemetry/trace.hpp"

#include <array>
#include <cstring>

#include "bascule/loop/random.hpp"

namespace bascule::telemetry {
namespace {

std::uint64_t random_id() {
  std::uint64_t id = 0;  // zero means "none" in a trace context
  while (id == 0) id = random_bits();
  return id;
}

// Eight digits at once: a nibble to a byte, then '0' or 'a' - 10 added to each, the first digit in the highest byte.
void put_hex8(char* to, std::uint32_t value) {
  std::uint64_t x = value;
  x = (x | x << 16) & 0x0000ffff0000ffff;
  x = (x | x << 8) & 0x00ff00ff00ff00ff;
  x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
  const std::uint64_t letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
  x += 0x3030303030303030 + letters * ('a' - '0' - 10);
  for (int i = 7; i >= 0; --i, x >>= 8) to[i] = static_cast<char>(x);
}

void put_hex16(char* to, std::uint64_t value) {
  put_hex8(to, static_cast<std::uint32_t>(value >> 32));
  put_hex8(to + 8, static_cast<std::uint32_t>(value));
}

constexpr std::uint8_t no_digit = 0xff;

// By table: the digits are random, and a branch on each of 48 would be foretold wrongly every other time.
constexpr auto hex_digits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) table['0' + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) table['a' + i] = static_cast<std::uint8_t>(10 + i);
  return table;
}();

// Lower-case hex only, as the specification demands.
bool get_hex(std::string_view text, std::uint64_t& value) {
  value = 0;
  std::uint8_t seen = 0;
  for (const char c : text) {
    const auto digit = hex_digits[static_cast<std::uint8_t>(c)];
    seen |= digit;
    value = value << 4 | (digit & 15U);
  }
  return seen != no_digit;
}

}  // namespace

TraceContext TraceContext::make() { return {random_id(), random_id(), random_id(), 1, {}}; }

TraceContext TraceContext::child() const {
  if (!valid()) return make();
  TraceContext next = *this;
  next.span = random_id();
  return next;
}

std::optional<TraceContext> TraceContext::parse(std::string_view text, std::string_view tracestate) {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::uint64_t version = 0, flags = 0;
  TraceContext context;
  if (!get_hex(text.substr(0, 2), version) || version == 0xff || (version == 0 && text.size() != 55)) {
    return std::nullopt;
  }
  if (text.size() > 55 && text[55] != '-') return std::nullopt;
  if (!get_hex(text.substr(3, 16), context.trace_high) || !get_hex(text.substr(19, 16), context.trace_low) ||
      !get_hex(text.substr(36, 16), context.span) || !get_hex(text.substr(53, 2), flags) || !context.valid()) {
    return std::nullopt;
  }
  context.flags = static_cast<std::uint8_t>(flags);
  // tracestate is at most 512 characters; a longer one may be dropped whole (section 3.3.1.5).
  if (tracestate.size() <= 512) context.state = tracestate;
  return context;
}

std::string TraceContext::traceparent() const {
  std::string text = "00-00000000000000000000000000000000-0000000000000000-00";
  put_hex16(text.data() + 3, trace_high);
  put_hex16(text.data() + 19, trace_low);
  put_hex16(text.data() + 36, span);
  char last[8];
  put_hex8(last, flags);
  std::memcpy(text.data() + 53, last + 6, 2);
  return text;
}

std::string TraceContext::trace_id() const {
  std::string text(32, '0');
  put_hex16(text.data(), trace_high);
  put_hex16(text.data() + 16, trace_low);
  return text;
}

}  // namespace bascule::telemetry
