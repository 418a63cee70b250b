// The process's log: one JSON object a line on standard error, with the trace id when there is one.
//
//   telemetry::log_start("catalog", telemetry::Level::info);
//   telemetry::info("listening", {{"endpoint", "127.0.0.1:5672"}, {"queues", 3}});
//   telemetry::error("reply lost", {{"method", method}}, context.trace());
//
// -> {"ts":"2026-01-02T03:04:05.678901Z","level":"info","process":"catalog","msg":"listening","endpoint":...}
// What: written at once (a line is one write); anything in a field is escaped, so input can neither forge a
// line nor break one. Messages are constant sentences; what varies goes in fields. Errors: none; what cannot
// be written is dropped. Before log_start the process's name is empty and the level info. Thread safety: any
// thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "bascule/telemetry/trace.hpp"

namespace bascule::telemetry {

enum class Level : std::uint8_t { debug, info, warn, error };
std::optional<Level> level_from_string(std::string_view name) noexcept;
std::string_view to_string(Level level) noexcept;

/// A key and a value of a log line. Views: must live until the call returns.
class Field {
 public:
  Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  Field(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, bool value) : key_(key), value_(value) {}
  Field(std::string_view key, double value) : key_(key), value_(value) {}
  template <std::signed_integral T>
  Field(std::string_view key, T value) : key_(key), value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view key, T value) : key_(key), value_(static_cast<std::uint64_t>(value)) {}

  /// Appends `,"key":value`.
  void append_to(std::string& line) const;

 private:
  std::string_view key_;
  std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t> value_;
};
using Fields = std::initializer_list<Field>;

/// Names the process and sets the least level that is written.
void log_start(std::string_view process, Level least);
bool log_enabled(Level level) noexcept;
void log(Level level, std::string_view message, Fields fields = {}, const TraceContext& trace = {});

inline void debug(std::string_view message, Fields fields = {}, const TraceContext& trace = {}) {
  log(Level::debug, message, fields, trace);
}
inline void info(std::string_view message, Fields fields = {}, const TraceContext& trace = {}) {
  log(Level::info, message, fields, trace);
}
inline void warn(std::string_view message, Fields fields = {}, const TraceContext& trace = {}) {
  log(Level::warn, message, fields, trace);
}
inline void error(std::string_view message, Fields fields = {}, const TraceContext& trace = {}) {
  log(Level::error, message, fields, trace);
}

/// The line without its time stamp and newline, as log() writes it; for tests and for logs that go elsewhere.
std::string format_line(Level level, std::string_view process, std::string_view message, Fields fields,
                        const TraceContext& trace);

}  // namespace bascule::telemetry
