#include "bascule/amqp/websocket_below.hpp"

#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/teardown.hpp>

namespace bascule::amqp {
namespace {

using asio::ip::tcp;
using boost::beast::role_type;

class OverTcp final : public Below {
 public:
  explicit OverTcp(std::shared_ptr<tcp::socket> socket) : socket_(std::move(socket)) {}
  void read_some(SomeMutable into, Done done) override { socket_->async_read_some(into, std::move(done)); }
  void write_some(SomeConst from, Done done) override { socket_->async_write_some(from, std::move(done)); }
  void teardown(role_type role, UniqueFunction<void(error_code)> done) override {
    boost::beast::websocket::async_teardown(role, *socket_, std::move(done));
  }
  tcp::socket& socket() override { return *socket_; }

 private:
  std::shared_ptr<tcp::socket> socket_;
};

class OverTls final : public Below {
 public:
  explicit OverTls(std::shared_ptr<TlsSocket> tls) : tls_(std::move(tls)) {}
  void read_some(SomeMutable into, Done done) override { tls_->stream.async_read_some(into, std::move(done)); }
  void write_some(SomeConst from, Done done) override { tls_->stream.async_write_some(from, std::move(done)); }
  void teardown(role_type role, UniqueFunction<void(error_code)> done) override {
    boost::beast::async_teardown(role, tls_->stream, std::move(done));
  }
  tcp::socket& socket() override { return tls_->stream.next_layer(); }

 private:
  std::shared_ptr<TlsSocket> tls_;
};

}  // namespace

std::unique_ptr<Below> make_below(std::shared_ptr<tcp::socket> socket) {
  return std::make_unique<OverTcp>(std::move(socket));
}
std::unique_ptr<Below> make_below(std::shared_ptr<TlsSocket> tls) { return std::make_unique<OverTls>(std::move(tls)); }

}  // namespace bascule::amqp
