#include "bascule/gateway/settings.hpp"

namespace bascule::gateway {

Settings Settings::read(const config::Document& document) {
  Settings s;
  s.broker_url = document.borrow("broker").string("url", s.broker_url);
  const config::Section section = document.section("gateway");
  s.listen = section.endpoint("listen", s.listen);
  s.aggregates = section.string("aggregates", s.aggregates);
  s.loops = static_cast<unsigned>(section.integer("loops", s.loops, 0, 256));
  s.timeout = section.duration("timeout", s.timeout);
  s.drain_time = section.duration("drain_time", s.drain_time);
  s.max_in_flight = static_cast<std::size_t>(section.integer("max_in_flight", 16'384, 1, 1'000'000));
  s.access_log = section.boolean("access_log", s.access_log);
  s.ignore_unknown = section.boolean("ignore_unknown", s.ignore_unknown);
  s.http.body = section.size("max_body", s.http.body);
  s.http.head = section.size("max_head", s.http.head);
  s.http.fields = static_cast<std::size_t>(section.integer("max_fields", 100, 1, 10'000));
  s.http.connections = static_cast<std::size_t>(section.integer("max_connections", 10'000, 1, 1'000'000));
  s.http.idle_time = section.duration("idle_time", s.http.idle_time);
  s.http.head_time = section.duration("head_time", s.http.head_time);
  return s;
}

}  // namespace bascule::gateway
