#include "bascule/amqp/acceptor.hpp"

#include <sys/stat.h>
#include <unistd.h>

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
    throw std::invalid_argument("'" + text + "' is not host:port (examples: 127.0.0.1:5672, [::1]:0) or unix:/path");
  }
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {host, static_cast<std::uint16_t>(port)};
}

std::string local_path(const std::string& listen) { return listen.starts_with("unix:") ? listen.substr(5) : ""; }

struct Acceptor::State {
  virtual ~State() = default;
  virtual std::string address() const = 0;
  virtual void close() noexcept = 0;
};

namespace {

using asio::local::stream_protocol;

template <class Protocol>
struct Accepting : Acceptor::State, std::enable_shared_from_this<Accepting<Protocol>> {
  Accepting(Loop& loop, Acceptor::Accepted callback)
      : socket(loop.context()), pause(loop.context()), accepted(std::move(callback)) {}

  void listen(const typename Protocol::endpoint& endpoint) {
    socket.open(endpoint.protocol());
    if constexpr (std::is_same_v<Protocol, tcp>) socket.set_option(tcp::acceptor::reuse_address(true));
    socket.bind(endpoint);
    socket.listen(1024);
  }
  void accept() {
    socket.async_accept([self = this->shared_from_this()](error_code error, typename Protocol::socket peer) {
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
    pause.async_wait([self = this->shared_from_this()](error_code error) {
      if (!error && self->socket.is_open()) self->accept();
    });
  }
  void close() noexcept override {
    error_code ignored;
    socket.close(ignored);
    pause.cancel();
  }

  typename Protocol::acceptor socket;
  asio::steady_timer pause;
  Acceptor::Accepted accepted;
};

struct TcpAccepting final : Accepting<tcp> {
  using Accepting::Accepting;
  std::string address() const override {
    const auto endpoint = socket.local_endpoint();
    const auto host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
  }
};

struct LocalAccepting final : Accepting<stream_protocol> {
  LocalAccepting(Loop& loop, std::string p, Acceptor::Accepted callback)
      : Accepting(loop, std::move(callback)), path(std::move(p)) {}

  void listen_on_path() {
    remove_dead_socket();
    const auto mask = ::umask(0177);  // only this user may connect
    try {
      listen(stream_protocol::endpoint(path));
    } catch (...) {
      ::umask(mask);
      throw;
    }
    ::umask(mask);
    listening = true;
  }
  // Nobody answers on it: its process died. A file of another kind is not ours to remove.
  void remove_dead_socket() {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    stream_protocol::socket probe(socket.get_executor());
    error_code error;
    probe.connect(stream_protocol::endpoint(path), error);
    if (error == asio::error::connection_refused) ::unlink(path.c_str());
  }
  std::string address() const override { return path; }
  void close() noexcept override {
    Accepting::close();
    if (std::exchange(listening, false)) ::unlink(path.c_str());
  }

  std::string path;
  bool listening = false;
};

std::shared_ptr<Acceptor::State> accept_local(Loop& loop, const std::string& path, Acceptor::Accepted accepted) {
  const auto state = std::make_shared<LocalAccepting>(loop, path, std::move(accepted));
  state->listen_on_path();
  state->accept();
  return state;
}

std::shared_ptr<Acceptor::State> accept_tcp(Loop& loop, const std::string& listen, Acceptor::Accepted accepted) {
  const auto [host, port] = split_host_port(listen);
  tcp::resolver resolver(loop.context());
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive);
  const auto state = std::make_shared<TcpAccepting>(loop, std::move(accepted));
  state->listen(*found.begin());
  state->accept();
  return state;
}

}  // namespace

Acceptor::Acceptor(Loop& loop, const std::string& listen, Accepted accepted) {
  const auto path = local_path(listen);
  try {
    state_ =
        path.empty() ? accept_tcp(loop, listen, std::move(accepted)) : accept_local(loop, path, std::move(accepted));
  } catch (const boost::system::system_error& error) {
    throw boost::system::system_error(error.code(), "cannot listen on " + listen);
  }
}

Acceptor::~Acceptor() { close(); }

std::string Acceptor::address() const { return state_->address(); }

void Acceptor::close() noexcept { state_->close(); }

}  // namespace bascule::amqp
