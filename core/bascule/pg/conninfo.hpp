// Conninfo: the parameters of a connection, as libpq wants them, with what the platform adds and names
// resolved.
//
// libpq resolves host names with a blocking call. So names are resolved before, on Asio's resolver, and
// handed over as `hostaddr`; every address of every host becomes an entry of libpq's host list, tried in
// order. Thread safety: values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bascule/loop/deadline.hpp"
#include "bascule/loop/loop.hpp"

#include <boost/asio/awaitable.hpp>

namespace bascule::pg {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Parses "host=… dbname=…" or "postgresql://…". Throws Error(invalid_argument) with libpq's words.
Parameters parse_conninfo(const std::string& conninfo);

/// Adds what every connection of the platform needs and the user did not set: UTC, ISO dates, UTF-8,
/// keepalives, and that the server stops a query whose client is gone.
void add_defaults(Parameters& parameters);

struct HostEntry {
  std::string host, address, port;  ///< address is empty for a Unix socket
};
/// The host list as written: "a,b" with ports "1,2". Pure.
std::vector<HostEntry> host_list(const Parameters& parameters);
/// Puts a host list back. Pure.
void set_hosts(Parameters& parameters, const std::vector<HostEntry>& hosts);

/// Resolves the names among the hosts. Throws Error(unavailable) when none of them resolves.
asio::awaitable<void> resolve_hosts(Parameters& parameters, Deadline deadline);

/// For messages: "orders at /run/bascule", never a password.
std::string describe(const Parameters& parameters);

}  // namespace bascule::pg
