// TraceContext: the W3C trace context (https://www.w3.org/TR/trace-context/) that goes with every call and event.
// Thread safety: a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::telemetry {

struct TraceContext {
  std::uint64_t trace_high = 0, trace_low = 0;  ///< trace-id; both zero: no trace
  std::uint64_t span = 0;                       ///< parent-id
  std::uint8_t flags = 0;                       ///< bit 0: sampled
  std::string state;                            ///< tracestate, passed on untouched

  bool valid() const noexcept { return (trace_high | trace_low) != 0 && span != 0; }
  /// A new root, from the process's random generator.
  static TraceContext make();
  /// The same trace with a new span id: what a call made on behalf of this one carries. A new root when not valid.
  TraceContext child() const;
  /// From a `traceparent` value; nullopt when it breaks the specification (then start a new trace).
  static std::optional<TraceContext> parse(std::string_view traceparent, std::string_view tracestate = {});
  /// "00-<32 hex>-<16 hex>-<2 hex>".
  std::string traceparent() const;
  /// The 32 hex digits that logs carry.
  std::string trace_id() const;
};

}  // namespace bascule::telemetry
