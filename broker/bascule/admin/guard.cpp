#include "bascule/admin/guard.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "bascule/amqp/sasl_crypto.hpp"

namespace bascule::admin {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

// Host without the port; empty when it is no host.
std::string_view name_in(std::string_view host) noexcept {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  if (host.starts_with('[')) {
    if (bracket == std::string_view::npos) return {};
    const auto behind = host.substr(bracket + 1);
    return behind.empty() || behind.starts_with(':') ? host.substr(0, bracket + 1) : std::string_view();
  }
  return host.substr(0, colon);
}

Problem refused(int status, std::string detail) { return {status, std::string(code_of(status)), std::move(detail)}; }

}  // namespace

bool names_loopback(std::string_view host) noexcept {
  auto name = name_in(host);
  if (same_name(name, "localhost")) return true;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(name), error);
  return !error && address.is_loopback();
}

std::optional<Problem> refused_by_guard(const AdminHead& head, const std::vector<std::string>& hosts) {
  if (!head.loopback) {
    return refused(
        403,
        "management is answered over loopback only: it would cross the network in the clear. Put a proxy with TLS "
        "in front that connects to 127.0.0.1, or use ssh -L (docs/broker.md, Management over HTTP)");
  }
  const auto name = name_in(head.host);
  const bool known = names_loopback(head.host) ||
                     std::any_of(hosts.begin(), hosts.end(), [name](const auto& one) { return same_name(name, one); });
  if (!known) {
    return refused(421, "the Host is neither this machine's loopback nor in broker.admin_hosts");
  }
  if (!head.origin.empty() || (!head.fetch_site.empty() && head.fetch_site != "none")) {
    return refused(403, "web pages may not manage the broker; use a program such as curl or bascule queues --http");
  }
  return std::nullopt;
}

Credentials read_credentials(std::string_view authorization) {
  if (authorization.empty()) return NoCredentials{};
  const auto space = authorization.find(' ');
  if (space == std::string_view::npos) return BadCredentials{};
  const auto scheme = authorization.substr(0, space);
  auto rest = authorization.substr(space);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (rest.empty() || rest.find(' ') != std::string_view::npos) return BadCredentials{};
  if (same_name(scheme, "bearer")) return Bearer{std::string(rest)};
  if (!same_name(scheme, "basic")) return BadCredentials{};
  auto plain = amqp::from_base64(rest);
  const auto colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos || colon == 0) return BadCredentials{};
  Basic basic{plain->substr(0, colon), plain->substr(colon + 1)};
  amqp::wipe(*plain);
  return basic;
}

// Compared as digests: of one length, so that not even the length is told.
bool same_token(std::string_view given, std::string_view token) {
  static const std::string key = amqp::random_bytes(32);
  const auto a = amqp::hmac_sha256(key, given), b = amqp::hmac_sha256(key, token);
  return amqp::same_secret(amqp::bytes_of(a), amqp::bytes_of(b)) && !token.empty();
}

}  // namespace bascule::admin
