#include "bascule/telemetry/trace.hpp"

#include <array>

#include "bascule/loop/random.hpp"

namespace bascule::telemetry {
namespace {

std::uint64_t random_id() {
  std::uint64_t id = 0;  // zero means "none" in a trace context
  while (id == 0) id = random_bits();
  return id;
}

void put_hex(char* to, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value >>= 4) to[i] = "0123456789abcdef"[value & 15];
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
  put_hex(text.data() + 3, trace_high, 16);
  put_hex(text.data() + 19, trace_low, 16);
  put_hex(text.data() + 36, span, 16);
  put_hex(text.data() + 53, flags, 2);
  return text;
}

std::string TraceContext::trace_id() const { return traceparent().substr(3, 32); }

}  // namespace bascule::telemetry
