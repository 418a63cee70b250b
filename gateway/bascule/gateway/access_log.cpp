#include "bascule/gateway/access_log.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

#include "bascule/telemetry/json_line.hpp"

namespace bascule::gateway {
namespace {

constexpr std::size_t longest_field = 1024;

void text(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(key).append("\":");
  telemetry::append_quoted(out, value.substr(0, longest_field));
}

void number(std::string& out, std::string_view key, std::uint64_t value) {
  out.append(",\"").append(key).append("\":");
  telemetry::append_number(out, value);
}

// Milliseconds with three decimals: to_chars in general form is several times slower.
void milliseconds(std::string& out, std::string_view key, double seconds) {
  const auto micros = static_cast<std::uint64_t>(seconds < 0 ? 0 : seconds * 1e6);
  number(out, key, micros / 1000);
  char decimals[4] = {'.', static_cast<char>('0' + micros / 100 % 10), static_cast<char>('0' + micros / 10 % 10),
                      static_cast<char>('0' + micros % 10)};
  out.append(decimals, sizeof decimals);
}

}  // namespace

void append_line(std::string& out, const AccessRecord& record) {
  out.append(R"("level":"info","process":"gateway","msg":"request")");
  text(out, "method", record.method);
  text(out, "path", record.path);
  text(out, "route", record.route);
  number(out, "status", static_cast<std::uint64_t>(record.status));
  text(out, "flags", record.flags);
  text(out, "code", record.code);
  text(out, "detail", record.detail);
  text(out, "service", record.service);
  number(out, "bytes_in", record.bytes_in);
  number(out, "bytes_out", record.bytes_out);
  milliseconds(out, "duration_ms", record.seconds);
  milliseconds(out, "service_ms", record.service_seconds);
  text(out, "request_id", record.request_id);
  text(out, "trace_id", record.trace_id);
  text(out, "client", record.client);
  text(out, "user_agent", record.user_agent);
  out.append("}\n");
}

AccessLog::~AccessLog() {
  loop_.forget(*this);
  end_of_turn();
}

void AccessLog::add(const AccessRecord& record) {
  stamp();
  append_line(lines_, record);
  ++count_;
  if (asked_) return;
  asked_ = true;
  loop_.at_end_of_turn(*this);
}

void AccessLog::stamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  if (micros / 1'000'000 != second_) {
    second_ = micros / 1'000'000;
    const std::time_t seconds = second_;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char buffer[32];
    second_text_.assign(buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S.", &utc));
  }
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06d", static_cast<int>(micros % 1'000'000));
  lines_.append("{\"ts\":\"").append(second_text_).append(digits, 6).append("Z\",");
}

void AccessLog::end_of_turn() {
  asked_ = false;
  if (count_ == 0) return;
  writer_.push(lines_, std::exchange(count_, 0));
  lines_.clear();
}

}  // namespace bascule::gateway
