// Reading the [[broker.address]] entries of the configuration; docs/broker.md lists the keys.
#pragma once

#include <vector>

#include "bascule/broker/address_settings.hpp"
#include "bascule/config/section.hpp"

namespace bascule::broker {

/// `broker`: section [broker]. Throws config::ConfigError with file and line.
std::vector<AddressSettings> read_address_settings(const config::Section& broker);

}  // namespace bascule::broker
