#include "bascule/amqp/url.hpp"

#include <sys/un.h>

#include <boost/url/host_type.hpp>
#include <boost/url/parse.hpp>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace bascule::amqp {
namespace {

bool yes_or_no(const std::string& key, const std::string& value) {
  if (value != "true" && value != "false") {
    throw std::invalid_argument("the broker's address: '" + key + "' must be true or false");
  }
  return value == "true";
}

std::string read_password(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.empty()) {
    throw std::invalid_argument("the broker's address: password_file '" + path + "' cannot be read or is empty");
  }
  return line;
}

struct Settings {
  Url& url;
  std::string password_file;

  void set(const std::string& key, const std::string& value) {
    if (key == "ca") {
      url.tls_options.ca = value;
    } else if (key == "cert") {
      url.tls_options.certificate = value;
    } else if (key == "key") {
      url.tls_options.key = value;
    } else if (key == "server_name") {
      url.tls_options.server_name = value;
    } else if (key == "verify") {
      url.tls_options.verify = yes_or_no(key, value);
    } else if (key == "profile") {
      url.profile = value;
    } else if (key == "management") {
      url.management = value;
    } else if (key == "password_file") {
      password_file = value;
    } else if (key == "allow_plain_without_tls") {
      url.allow_plain_without_tls = yes_or_no(key, value);
    } else {
      throw std::invalid_argument("the broker's address has an unknown setting '" + key +
                                  "'; there are ca, cert, key, server_name, verify, password_file, "
                                  "allow_plain_without_tls, profile and management");
    }
  }
};

// What sockaddr_un has room for, with the zero behind it.
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

Url Url::parse(const std::string& text) {
  const auto parsed = boost::urls::parse_uri(text);
  const bool local = parsed && parsed->scheme() == "amqp+unix" && parsed->path().size() > 1;
  if (!local && (!parsed || (parsed->scheme() != "amqp" && parsed->scheme() != "amqps") || parsed->host().empty())) {
    throw std::invalid_argument(
        "the broker's address is not of the form amqp://[user:password@]host[:port], amqps://... or amqp+unix:///path");
  }
  Url url;
  if (local) url.path = parsed->path();
  if (url.path.size() > longest_socket_path) {
    throw std::invalid_argument("the broker's address: the path of a Unix socket has at most " +
                                std::to_string(longest_socket_path) + " bytes, this one has " +
                                std::to_string(url.path.size()) + ": " + url.path);
  }
  url.tls = parsed->scheme() == "amqps";
  url.port = url.tls ? "5671" : "5672";
  if (!local) url.host = parsed->host_type() == boost::urls::host_type::ipv6 ? parsed->host_address() : parsed->host();
  if (parsed->has_port() && !parsed->port().empty()) url.port = std::string(parsed->port());
  url.user = parsed->user();
  url.password = parsed->password();
  if (const std::string path = parsed->path(); !local && path.size() > 1) url.vhost = path.substr(1);
  Settings settings{url, {}};
  for (const auto param : parsed->params()) settings.set(param.key, param.value);
  const auto& tls = url.tls_options;
  if (!url.tls && !(tls.ca + tls.certificate + tls.key + tls.server_name).empty()) {
    throw std::invalid_argument("the broker's address has settings of TLS: it must begin with amqps://");
  }
  if (tls.certificate.empty() != tls.key.empty()) {
    throw std::invalid_argument("the broker's address: 'cert' and 'key' go together");
  }
  if (!url.user.empty() && url.password.empty()) {
    if (!settings.password_file.empty()) {
      url.password = read_password(settings.password_file);
    } else if (const char* const password = std::getenv("BASCULE_BROKER_PASSWORD")) {
      url.password = password;
    }
  }
  return url;
}

}  // namespace bascule::amqp
