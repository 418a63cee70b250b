// Settings: the [gateway] section of the configuration.
// Thread safety: a value.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "bascule/config/document.hpp"
#include "bascule/http/limits.hpp"

namespace bascule::gateway {

struct Settings {
  config::Endpoint listen{"127.0.0.1", 8080};
  std::string broker_url = "amqp://127.0.0.1:5672";
  std::string aggregates;  ///< path of the aggregates' TOML file; empty: none
  unsigned loops = 0;      ///< threads, each with its own listener and AMQP connection; 0: half the cores
  std::chrono::milliseconds timeout{5000};       ///< of a method whose contract does not say
  std::chrono::milliseconds drain_time{10'000};  ///< how long open requests may take once the process is to stop
  std::size_t max_in_flight = 16'384;            ///< calls open at once, per loop: one more is 503
  bool access_log = true;
  bool ignore_unknown = false;  ///< pass over unknown body fields and query parameters instead of answering 400
  http::Limits http;

  /// Reads [gateway] and broker.url. Throws config::ConfigError.
  static Settings read(const config::Document& document);
};

}  // namespace bascule::gateway
