// TLS 1.2 and 1.3 under a connection: contexts made of files, and handshakes that end in a Stream.
//
// Modern ciphers only (ECDHE with AES-GCM or ChaCha20), no renegotiation, no compression, no session resumption (a client
// whose certificate was withdrawn must not come back on a ticket). A context is immutable: to renew certificates make
// another one; handshakes and streams keep the one they began with.
// Errors: contexts throw std::runtime_error that names the file; handshakes end with an error_code whose message says what
// was wrong with the certificate. Thread safety: contexts any thread, the rest the loop's.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bascule/amqp/stream.hpp"
#include "bascule/amqp/url.hpp"

namespace bascule::amqp {

struct TlsServerOptions {
  std::string certificate, key;  ///< PEM files; the certificate's chain behind it
  std::string client_ca;         ///< authorities of client certificates; empty: none is asked for
  std::string client_crl;        ///< withdrawn client certificates (PEM); empty: no such list
  bool require_client_certificate = false;
  /// What of a client certificate is the user: "common-name", "subject" (RFC 2253), "dns", "email" or "uri" (the first
  /// subject alternative name of that kind).
  std::string client_name = "common-name";
};

class TlsContext {
 public:
  static std::shared_ptr<TlsContext> server(const TlsServerOptions& options);
  static std::shared_ptr<TlsContext> client(const TlsClientOptions& options);
  ~TlsContext();

  /// When its certificate ends; the farthest future when it has none.
  std::chrono::system_clock::time_point expires() const;

  struct State;
  State& state() noexcept { return *state_; }

 private:
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A client's certificate that was verified, kept to be looked at again: authorities change, and time passes.
/// Immutable: any thread.
class PeerCertificate {
 public:
  struct State;
  explicit PeerCertificate(std::unique_ptr<State> state);
  ~PeerCertificate();
  /// When the first of it and of what it came with ends.
  std::chrono::system_clock::time_point expires() const noexcept;
  /// What is wrong with it now, by this context's authorities and its list of withdrawn ones; empty: nothing. About
  /// 0.2 ms.
  std::string why_distrusted(TlsContext& context) const;

 private:
  std::unique_ptr<State> state_;
};

/// Who is at the other end of TLS, as far as TLS knows.
struct TlsPeer {
  std::string user{};                                    ///< whom the verified certificate names; empty: nobody
  std::shared_ptr<const PeerCertificate> certificate{};  ///< null: none was shown
};

/// The thread that the arithmetic of servers' handshakes is done on, with less priority than the loops: a crowd of clients
/// that come (back) all at once must not make those wait that are there. Bounds: whoever runs handshakes bounds them.
/// Thread safety: run() any thread.
class TlsWorkers {
 public:
  TlsWorkers();
  /// What has not begun is dropped.
  ~TlsWorkers();
  TlsWorkers(const TlsWorkers&) = delete;
  TlsWorkers& operator=(const TlsWorkers&) = delete;
  template <class Work>
  void run(Work&& work) {
    asio::post(thread_, std::forward<Work>(work));
  }

 private:
  asio::thread_pool thread_{1};
};

/// Runs the server's side of a handshake; `done` runs once, later. The returned function ends it with operation_aborted,
/// and keeps what it needs: hold it until then. A client's handshake has 128 KiB at most.
std::function<void()> tls_accept(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> context,
                                 std::shared_ptr<TlsWorkers> workers, StreamDone done);
/// The client's side: `host` must be named by the server's certificate.
std::function<void()> tls_connect(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> context,
                                  const std::string& host, StreamDone done);

}  // namespace bascule::amqp
