#include "bascule/telemetry/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <mutex>

#include "bascule/telemetry/json_line.hpp"

namespace bascule::telemetry {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};

spdlog::level::level_enum spdlog_level(Level level) {
  constexpr std::array<spdlog::level::level_enum, 4> levels{spdlog::level::debug, spdlog::level::info,
                                                            spdlog::level::warn, spdlog::level::err};
  return levels[static_cast<std::size_t>(level)];
}

// The logger is reached from any thread and lives as long as the process; the name is set once, at the start.
struct Log {
  std::shared_ptr<spdlog::logger> logger;
  std::mutex mutex;
  std::string process;

  Log() : logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    logger->set_level(spdlog::level::info);
    logger->set_pattern(R"({"ts":"%Y-%m-%dT%H:%M:%S.%fZ",%v})", spdlog::pattern_time_type::utc);
  }
};

Log& the_log() {
  static Log* log = new Log;  // never destroyed: a thread may log while the process exits
  return *log;
}

}  // namespace

std::optional<Level> level_from_string(std::string_view name) noexcept {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string_view to_string(Level level) noexcept { return level_names[static_cast<std::size_t>(level)]; }

void Field::append_to(std::string& line) const {
  line += ',';
  append_quoted(line, key_);
  line += ':';
  std::visit(
      [&line](auto value) {
        using T = decltype(value);
        if constexpr (std::is_same_v<T, std::string_view>) {
          append_quoted(line, value);
        } else if constexpr (std::is_same_v<T, bool>) {
          line += value ? "true" : "false";
        } else {
          append_number(line, value);
        }
      },
      value_);
}

std::string format_line(Level level, std::string_view process, std::string_view message, Fields fields,
                        const TraceContext& trace) {
  std::string line;
  line.reserve(160);
  line += "\"level\":\"";
  line += to_string(level);
  line += "\",\"process\":";
  append_quoted(line, process);
  line += ",\"msg\":";
  append_quoted(line, message);
  if (trace.valid()) Field("trace_id", trace.trace_id()).append_to(line);
  for (const Field& field : fields) field.append_to(line);
  return line;
}

void log_start(std::string_view process, Level least) {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  log.process = process;
  log.logger->set_level(spdlog_level(least));
}

bool log_enabled(Level level) noexcept { return the_log().logger->should_log(spdlog_level(level)); }

void log(Level level, std::string_view message, Fields fields, const TraceContext& trace) {
  if (!log_enabled(level)) return;
  Log& log = the_log();
  std::string process;
  {
    const std::lock_guard lock(log.mutex);
    process = log.process;
  }
  log.logger->log(spdlog_level(level), "{}", format_line(level, process, message, fields, trace));
}

}  // namespace bascule::telemetry
