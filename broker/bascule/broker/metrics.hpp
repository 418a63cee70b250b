// The broker's metrics, read off its counters when they are collected.
#pragma once

#include "bascule/broker/broker.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace bascule::broker {

/// Registers the families. Collect on the broker's loop; the broker must outlive the registry's last
/// collection.
void register_metrics(telemetry::Registry& registry, const Broker& broker);

}  // namespace bascule::broker
