// JsonText: writes a JSON document front to back; commas come by themselves.
// Thread safety: none of its own.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "bascule/telemetry/json_line.hpp"

namespace bascule::telemetry {

class JsonText {
 public:
  JsonText& open(char bracket) {
    comma();
    out_ += bracket;
    return *this;
  }
  JsonText& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  JsonText& key(std::string_view name) {
    text(name);
    out_ += ':';
    return *this;
  }
  JsonText& text(std::string_view value) {
    comma();
    append_quoted(out_, value);
    return *this;
  }
  /// JSON that is written already.
  JsonText& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }
  JsonText& boolean(bool value) { return raw(value ? "true" : "false"); }
  template <std::integral Number>
  JsonText& number(Number value) {
    return raw(std::to_string(value));
  }
  template <std::floating_point Number>
  JsonText& number(Number value) {
    comma();
    append_number(out_, static_cast<double>(value));
    return *this;
  }
  JsonText& member(std::string_view name, std::string_view value) { return key(name).text(value); }

  std::string take() { return std::move(out_); }

 private:
  void comma() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
  }
  std::string out_;
};

}  // namespace bascule::telemetry
