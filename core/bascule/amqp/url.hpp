// The address of a broker: amqp://[user:password@]host[:port][/vhost], amqps:// for TLS, or amqp+unix:///path for a broker
// on this machine, with settings behind a '?'.
//
//   amqps://orders@broker.example?password_file=/run/secrets/broker&ca=/etc/bascule/ca.pem
//
// One line configures every process alike: services, the gateway, Python and the command line take it as it is.
#pragma once

#include <string>

namespace bascule::amqp {

/// How a client speaks TLS. Files are PEM.
struct TlsClientOptions {
  std::string ca;                ///< trust these authorities and no others; empty: those of the system
  std::string certificate, key;  ///< to be known by (EXTERNAL); empty: none
  std::string server_name;       ///< what the server's certificate must name; empty: the URL's host
  bool verify = true;            ///< false: anybody may be the server; for trials only
};

struct Url {
  std::string host = "127.0.0.1", port = "5672";
  std::string path;  ///< of a Unix socket; empty: host and port
  std::string user, password;
  bool tls = false;
  bool allow_plain_without_tls = false;  ///< PLAIN may go over a network in the clear
  TlsClientOptions tls_options;
  std::string vhost;       ///< of RabbitMQ; empty: its default
  std::string profile;     ///< how to speak to the broker; empty: it is recognised (docs/brokers.md)
  std::string management;  ///< port of its HTTP interface, where nodes are declared that way; empty: 15672

  /// Settings: ca, cert, key, server_name, verify (true, false), password_file, allow_plain_without_tls, profile and
  /// management. With a user and no
  /// password it is taken from password_file or, failing that, from the environment's BASCULE_BROKER_PASSWORD.
  /// Throws std::invalid_argument with a sentence that says what is wrong (a password is never in it).
  static Url parse(const std::string& text);
  /// "host:port" or the path: for messages.
  std::string where() const { return path.empty() ? host + ":" + port : path; }
};

}  // namespace bascule::amqp
