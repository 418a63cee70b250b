#include "bascule/amqp/acceptor.hpp"

#include <charconv>
#include <stdexcept>

namespace bascule::amqp {

using asio::ip::tcp;

std::pair<std::string, std::uint16_t> split_host_port(const std::string& text) {
  const auto colon = text.rfind(':');
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  if (colon == std::string::npos || std::from_chars(text.data() + colon + 1, end, port).ptr != end || port > 65535 ||
      colon + 1 == text.size()) {
    throw std::invalid_argument("'" + text + "' is not host:port (examples: 127.0.0.1:5672, [::1]:0)");
  }
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {host, static_cast<std::uint16_t>(port)};
}

struct Acceptor::State : std::enable_shared_from_this<State> {
  State(Loop& loop, Accepted callback) : socket(loop.context()), pause(loop.context()), accepted(std::move(callback)) {}

  void accept() {
    socket.async_accept([self = shared_from_this()](error_code error, tcp::socket peer) {
      if (!self->socket.is_open()) return;
      if (!error) {
        self->accepted(std::move(peer));
      } else if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
                 error == asio::error::no_memory) {
        return self->accept_later();
      }
      if (self->socket.is_open()) self->accept();
    });
  }
  void accept_later() {
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->socket.is_open()) self->accept();
    });
  }

  tcp::acceptor socket;
  asio::steady_timer pause;
  Accepted accepted;
};

Acceptor::Acceptor(Loop& loop, const std::string& listen, Accepted accepted)
    : state_(std::make_shared<State>(loop, std::move(accepted))) {
  const auto [host, port] = split_host_port(listen);
  try {
    tcp::resolver resolver(loop.context());
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive);
    const tcp::endpoint endpoint = *found.begin();
    state_->socket.open(endpoint.protocol());
    state_->socket.set_option(tcp::acceptor::reuse_address(true));
    state_->socket.bind(endpoint);
    state_->socket.listen(1024);
  } catch (const boost::system::system_error& error) {
    throw boost::system::system_error(error.code(), "cannot listen on " + listen);
  }
  state_->accept();
}

Acceptor::~Acceptor() { close(); }

std::string Acceptor::address() const {
  const auto endpoint = state_->socket.local_endpoint();
  const auto host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

void Acceptor::close() noexcept {
  error_code ignored;
  state_->socket.close(ignored);
  state_->pause.cancel();
}

}  // namespace bascule::amqp
