// BrokerOptions: every setting of a broker, with the defaults that `docs/broker.md` lists.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bascule/amqp/tls.hpp"
#include "bascule/broker/router.hpp"
#include "bascule/broker/transaction.hpp"

namespace bascule::broker {

struct ListenerOptions {
  std::string listen;  ///< host:port; port 0: the kernel chooses
  bool tls = false, websocket = false;
  std::optional<bool> anonymous = {};    ///< may one come in without a name? None: on loopback, when there are no users
  bool allow_plain_without_tls = false;  ///< passwords may cross a network in the clear
  std::vector<std::string> origins = {};  ///< of web pages that may connect (WebSocket); "*": any
};

struct BrokerOptions {
  std::string listen = "127.0.0.1:5672";  ///< host:port; port 0: the kernel chooses
  std::string container_id = "bascule-broker";
  std::chrono::milliseconds idle_timeout{30'000};
  std::chrono::milliseconds handshake_timeout{5'000};
  std::chrono::milliseconds drain_time{1'000};  ///< for peers to answer CLOSE when the broker stops
  std::uint64_t max_message_size = 16U << 20;
  std::uint64_t max_unfinished = 32U << 20;  ///< bytes of one connection's messages whose end has not come
  std::uint64_t large_message = 100U << 10;  ///< what a message has beyond goes to a file of its own (with a journal)
  std::uint32_t max_frame = 64U << 10;
  std::uint32_t max_connections = 10'000;
  std::uint32_t max_connections_per_address = 0;  ///< 0: no bound but max_connections
  std::uint32_t max_connections_per_user = 0;
  std::uint32_t max_links = 256;            ///< of one connection
  std::uint32_t max_credit = 1000;          ///< messages a producer may have on their way
  std::uint32_t credit_bytes = 512U << 10;  ///< bytes a producer may have on their way, by its usual message size
  std::uint32_t max_unconfirmed = 8192;     ///< messages of one producer that wait for the disk
  std::uint32_t max_unsettled = 65'536;     ///< messages a receiver may hold unsettled, whatever credit it gives
  std::size_t max_outgoing = 256U << 10;    ///< bytes that wait in a session to be written
  RouterSettings router = {};
  TransactionLimits transactions = {};

  std::optional<bool> anonymous = {};  ///< of `listen`, as in ListenerOptions
  bool allow_plain_without_tls = false;
  std::vector<ListenerOptions> listeners = {};  ///< further ones
  amqp::TlsServerOptions tls = {};
  std::uint32_t max_handshakes = 1000;               ///< peers that have not opened yet
  std::uint32_t max_handshakes_per_address = 500;    ///< of TLS and WebSocket, of one address; 0: no bound of its own
  std::string users = {};                            ///< users file; empty: nobody has a password
  std::uint32_t max_failed_logins = 20;              ///< of one address, at once; one more each 3 s
  std::string access = {};                           ///< access file; empty: everybody who is in may do everything
  std::string admin_token_file = {};                 ///< of the HTTP management API's bearer token; empty: none
  std::vector<std::string> admin_hosts = {};         ///< names in Host that the API answers to besides loopback's
  std::chrono::milliseconds reload_interval{2'000};  ///< how often those files and certificates are looked at; 0: never
};

}  // namespace bascule::broker
