#include "bascule/pg/conninfo.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string_view>

#include "bascule/loop/error.hpp"

namespace bascule::pg {
namespace {

std::string value_of(const Parameters& parameters, std::string_view key) {
  const auto at = std::find_if(parameters.begin(), parameters.end(), [&](const auto& one) { return one.first == key; });
  return at == parameters.end() ? std::string() : at->second;
}

void set(Parameters& parameters, const std::string& key, std::string value) {
  std::erase_if(parameters, [&](const auto& one) { return one.first == key; });
  if (!value.empty()) parameters.emplace_back(key, std::move(value));
}

void set_if_absent(Parameters& parameters, const std::string& key, const std::string& value) {
  if (value_of(parameters, key).empty()) parameters.emplace_back(key, value);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

bool needs_resolving(const HostEntry& entry) {
  if (!entry.address.empty() || entry.host.empty() || entry.host[0] == '/' || entry.host[0] == '@') return false;
  boost::system::error_code not_an_address;
  asio::ip::make_address(entry.host, not_an_address);
  return static_cast<bool>(not_an_address);
}

}  // namespace

Parameters parse_conninfo(const std::string& conninfo) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(conninfo.c_str(), &message), PQconninfoFree);
  if (!options) {
    std::string text = message != nullptr ? message : "out of memory";
    PQfreemem(message);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    throw Error(Errc::invalid_argument, "the database setting is not a PostgreSQL connection string: " + text);
  }
  Parameters parameters;
  for (const auto* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->val != nullptr) parameters.emplace_back(one->keyword, one->val);
  }
  return parameters;
}

void add_defaults(Parameters& parameters) {
  set_if_absent(parameters, "client_encoding", "UTF8");
  set_if_absent(parameters, "fallback_application_name", "bascule");
  set_if_absent(parameters, "keepalives_idle", "10");
  set_if_absent(parameters, "tcp_user_timeout", "5000");
  // The user's own come last, so that they win. Timestamps are read and written as ISO in UTC: those two are
  // ours.
  const auto own = value_of(parameters, "options");
  set(parameters, "options",
      "-c client_connection_check_interval=2s" + (own.empty() ? "" : " " + own) + " -c datestyle=ISO -c timezone=UTC");
}

std::vector<HostEntry> host_list(const Parameters& parameters) {
  const auto hosts = split(value_of(parameters, "host"));
  const auto addresses = split(value_of(parameters, "hostaddr"));
  const auto ports = split(value_of(parameters, "port"));
  std::vector<HostEntry> list(std::max(hosts.size(), addresses.size()));
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i < hosts.size()) list[i].host = hosts[i];
    if (i < addresses.size()) list[i].address = addresses[i];
    list[i].port = ports.size() == 1 ? ports[0] : i < ports.size() ? ports[i] : "";
  }
  return list;
}

void set_hosts(Parameters& parameters, const std::vector<HostEntry>& hosts) {
  std::string names, addresses, ports;
  bool any_address = false;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const char* const comma = i == 0 ? "" : ",";
    names += comma + hosts[i].host;
    addresses += comma + hosts[i].address;
    ports += comma + hosts[i].port;
    any_address = any_address || !hosts[i].address.empty();
  }
  set(parameters, "host", names);
  set(parameters, "hostaddr", any_address ? addresses : "");
  set(parameters, "port", ports);
}

asio::awaitable<void> resolve_hosts(Parameters& parameters, Deadline deadline) {
  const auto hosts = host_list(parameters);
  if (std::none_of(hosts.begin(), hosts.end(), needs_resolving)) co_return;
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  asio::steady_timer timer(executor, deadline.at());
  timer.async_wait([&resolver](boost::system::error_code stopped) {
    if (!stopped) resolver.cancel();
  });
  std::vector<HostEntry> resolved;
  std::string failures;
  for (const auto& entry : hosts) {
    if (!needs_resolving(entry)) {
      resolved.push_back(entry);
      continue;
    }
    boost::system::error_code error;
    const auto found =
        co_await resolver.async_resolve(entry.host, "", asio::redirect_error(asio::use_awaitable, error));
    if (error) failures += (failures.empty() ? "" : "; ") + entry.host + ": " + error.message();
    for (const auto& one : found) resolved.push_back({entry.host, one.endpoint().address().to_string(), entry.port});
  }
  if (resolved.empty()) throw Error(Errc::unavailable, "the database's host name does not resolve: " + failures);
  set_hosts(parameters, resolved);
}

std::string describe(const Parameters& parameters) {
  auto name = value_of(parameters, "dbname");
  if (name.empty()) name = value_of(parameters, "user");
  const auto host = value_of(parameters, "host");
  const auto port = value_of(parameters, "port");
  return "\"" + name + "\" at " + (host.empty() ? "the default socket" : host) + (port.empty() ? "" : " port " + port);
}

}  // namespace bascule::pg
