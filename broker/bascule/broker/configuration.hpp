// Reading section [broker] of the platform's configuration; docs/broker.md lists the keys.
#pragma once

#include <string>

#include "bascule/broker/journal.hpp"
#include "bascule/broker/options.hpp"
#include "bascule/config/section.hpp"

namespace bascule::broker {

struct Configuration {
  BrokerOptions broker;
  JournalOptions journal;
  std::string data;   ///< folder; empty: in memory
  std::string admin;  ///< host:port of the admin listener; empty: none
};

/// Throws config::ConfigError with file and line.
Configuration read_configuration(const config::Section& section);

}  // namespace bascule::broker
