// BufferedStream: an amqp::Stream over something of Asio's that only writes asynchronously (TLS, WebSocket).
//
// It takes what is to be written into a buffer while an earlier one is on its way; when the buffer is full it would block.
// close() lets what was taken go out first, for at most a second. Bounds: two buffers of 64 KiB.
// Lifetime: operations under way keep what they use alive. Thread safety: the loop's thread.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

#include "bascule/amqp/stream.hpp"
#include "bascule/amqp/tls.hpp"

namespace bascule::amqp {

/// `Transport`: read(buffer, handler), write(buffer, handler) of all of it, socket(): the TCP socket below.
template <class Transport>
class BufferedStream final : public Stream {
 public:
  BufferedStream(std::shared_ptr<Transport> transport, std::string peer, bool confidential, TlsPeer tls_peer)
      : state_(std::make_shared<State>(std::move(transport))),
        peer_(std::move(peer)),
        tls_peer_(std::move(tls_peer)),
        confidential_(confidential) {}
  ~BufferedStream() override { state_->close(); }

  void async_read(std::span<char> buffer, ReadDone done) override {
    state_->transport->read(
        asio::buffer(buffer.data(), buffer.size()),
        [state = state_, done = std::move(done)](error_code error, std::size_t size) mutable { done(error, size); });
  }
  std::size_t try_read(std::span<char>, error_code& error) override {
    error = asio::error::would_block;
    return 0;
  }
  std::size_t try_write(std::string_view bytes, error_code& error) override { return state_->take(bytes, error); }
  void async_wait_writable(WriteReady ready) override {
    state_->ready = std::move(ready);
    if (!state_->writing) state_->tell();
  }
  void close() noexcept override { state_->close(); }
  const std::string& peer() const noexcept override { return peer_; }
  bool confidential() const noexcept override { return confidential_; }
  const std::string& external_user() const noexcept override { return tls_peer_.user; }
  const PeerCertificate* certificate() const noexcept override { return tls_peer_.certificate.get(); }

 private:
  static constexpr std::size_t capacity = 64 * 1024;

  struct State : std::enable_shared_from_this<State> {
    explicit State(std::shared_ptr<Transport> t)
        : transport(std::move(t)), patience(transport->socket().get_executor()) {}

    std::size_t take(std::string_view bytes, error_code& error) {
      if (failed) {
        error = failed;
        return 0;
      }
      if (next.size() >= capacity) {
        error = asio::error::would_block;
        return 0;
      }
      const auto size = std::min(bytes.size(), capacity - next.size());
      next.append(bytes.substr(0, size));
      if (!writing) send();
      return size;
    }

    void send() {
      writing = true;
      now.clear();
      std::swap(now, next);
      transport->write(asio::buffer(now),
                       [self = this->shared_from_this()](error_code error, std::size_t) { self->sent(error); });
    }

    void sent(error_code error) {
      writing = false;
      if (error) failed = error;
      if (!failed && !next.empty()) {
        send();
      } else if (closing) {
        patience.cancel();
        close_socket();
      } else if (now.capacity() > 4096) {
        std::string().swap(now);  // an idle connection keeps no buffers
        std::string().swap(next);
      }
      tell();
    }

    void tell() {
      if (next.size() >= capacity || !ready) return;
      asio::post(transport->socket().get_executor(),
                 [run = std::exchange(ready, nullptr), e = failed]() mutable { run(e); });
    }

    void close() noexcept {
      if (std::exchange(closing, true)) return;
      if (!writing) return close_socket();
      patience.expires_after(std::chrono::seconds(1));
      patience.async_wait([self = this->shared_from_this()](error_code error) {
        if (!error) self->close_socket();
      });
    }
    void close_socket() noexcept {
      error_code ignored;
      transport->socket().close(ignored);
      failed = asio::error::operation_aborted;
      tell();
    }

    std::shared_ptr<Transport> transport;
    asio::steady_timer patience;
    std::string now, next;
    WriteReady ready;
    error_code failed;
    bool writing = false, closing = false;
  };

  std::shared_ptr<State> state_;
  std::string peer_;
  TlsPeer tls_peer_;
  bool confidential_;
};

}  // namespace bascule::amqp
