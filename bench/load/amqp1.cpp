// Load on any AMQP 1.0 broker, at least once, over our own engine (raw deliveries: the generator must not be what is slow).
//
//   bench-amqp1 send    URL ADDRESS IN_FLIGHT TOTAL SIZE durable|volatile    latency: until `accepted`
//   bench-amqp1 receive URL ADDRESS CREDIT    TOTAL                          latency: since the sender sent it
//   bench-amqp1 hold    URL COUNT                                            idle connections, until standard input ends
//
// Prints "attached" once its link (or the last connection) is up, and a line of JSON (report.hpp) when done.
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/transport.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "bascule/amqp/connection.hpp"
#include "bascule/amqp/message.hpp"
#include "bascule/amqp/sasl_client.hpp"
#include "bascule/amqp/terminus.hpp"
#include "bascule/amqp/url.hpp"
#include "report.hpp"

namespace asio = boost::asio;
namespace amqp = bascule::amqp;

namespace {

constexpr std::size_t session_window = 8192;  // frames; link credit is what bounds
constexpr std::size_t max_outgoing = 256 * 1024;

[[noreturn]] void fail(std::string_view why) {
  std::cerr << "bench-amqp1: " << why << "\n";
  std::_Exit(1);
}

void say_attached() { std::cout << "attached" << std::endl; }

std::string text_of(pn_condition_t* condition) {
  const char* const name = pn_condition_get_name(condition);
  const char* const text = pn_condition_get_description(condition);
  return std::string(name == nullptr ? "" : name) + ": " + (text == nullptr ? "" : text);
}

/// One connection, opened at once; what it does is its subclass's.
class Peer : public amqp::EventHandler {
 public:
  Peer(bascule::Loop& loop, const std::string& url) {
    const auto to = amqp::Url::parse(url);
    asio::ip::tcp::resolver resolver(loop.context());
    asio::ip::tcp::socket socket(loop.context());
    asio::connect(socket, resolver.resolve(to.host, to.port));
    amqp::EngineOptions options;
    options.container_id = "bench-" + std::to_string(::getpid());
    options.hostname = to.host;
    amqp::SaslClientOptions login;
    login.hostname = to.host;
    login.user = to.user;
    login.password = to.password;
    login.may_send_password = true;
    options.sasl = std::make_shared<amqp::SaslClient>(login);
    connection_ = std::make_shared<amqp::Connection>(loop, amqp::make_stream(std::move(socket)), options, *this);
    connection_->start();
  }

  virtual ~Peer() = default;

  void on_event(amqp::Connection&, pn_event_t* event) override {
    switch (pn_event_type(event)) {
      case PN_CONNECTION_INIT: return pn_connection_open(connection_->engine());
      case PN_CONNECTION_REMOTE_OPEN: return opened();
      case PN_LINK_REMOTE_OPEN: return attached();
      case PN_LINK_REMOTE_CLOSE:
        fail("the link was refused: " + text_of(pn_link_remote_condition(pn_event_link(event))));
      case PN_SESSION_REMOTE_CLOSE:
        fail("the session was ended: " + text_of(pn_session_remote_condition(pn_event_session(event))));
      case PN_LINK_FLOW: return flow();
      case PN_DELIVERY: return delivery(pn_event_delivery(event));
      default: return;
    }
  }
  void on_writable(amqp::Connection&) override { flow(); }
  void on_closed(amqp::Connection&, std::string_view reason) override {
    fail("the connection ended: " + std::string(reason));
  }

 protected:
  virtual void opened() = 0;
  virtual void attached() {}
  virtual void flow() {}
  virtual void delivery(pn_delivery_t*) {}

  pn_session_t* begin_session() {
    auto* const session = pn_session(connection_->engine());
    pn_session_set_incoming_capacity(session, session_window * pn_transport_get_max_frame(connection_->transport()));
    pn_session_open(session);
    return session;
  }

  std::shared_ptr<amqp::Connection> connection_;
};

class Sending final : public Peer {
 public:
  Sending(bascule::Loop& loop, char** argv)
      : Peer(loop, argv[2]),
        address_(argv[3]),
        in_flight_(std::strtoul(argv[4], nullptr, 10)),
        left_(std::strtoul(argv[5], nullptr, 10)),
        report_(left_) {
    amqp::OutgoingMessage message;
    message.header.durable = std::string_view(argv[7]) == "durable";
    const std::string body(std::strtoul(argv[6], nullptr, 10), 'x');
    message.body = body;
    message.encode(encoded_);
    stamp_at_ = encoded_.size() - body.size();
  }

 private:
  void opened() override {
    link_ = pn_sender(begin_session(), "bench-sender");
    pn_terminus_set_address(pn_link_target(link_), address_.c_str());
    amqp::set_capabilities(pn_link_target(link_), {"queue"});
    pn_link_set_snd_settle_mode(link_, PN_SND_UNSETTLED);
    pn_link_open(link_);
  }
  void attached() override {
    say_attached();
    report_.begin();
  }
  void flow() override {
    if (link_ == nullptr) return;
    while (left_ > 0 && unsettled_ < in_flight_ && pn_link_credit(link_) > 0 &&
           pn_session_outgoing_bytes(pn_link_session(link_)) < max_outgoing) {
      send();
    }
    connection_->wake();
  }
  void send() {
    const auto now = bench::now_ns();
    std::memcpy(encoded_.data() + stamp_at_, &now, sizeof now);
    char tag[8];
    std::memcpy(tag, &next_tag_, sizeof tag);
    ++next_tag_;
    auto* const delivery = pn_delivery(link_, pn_dtag(tag, sizeof tag));
    pn_delivery_set_context(delivery, reinterpret_cast<void*>(now));
    pn_link_send(link_, encoded_.data(), encoded_.size());
    pn_link_advance(link_);
    --left_;
    ++unsettled_;
  }
  void delivery(pn_delivery_t* delivery) override {
    if (pn_delivery_remote_state(delivery) == 0 && !pn_delivery_settled(delivery)) return;
    if (pn_delivery_remote_state(delivery) != PN_ACCEPTED) {
      fail("a message was not accepted: " + text_of(pn_disposition_condition(pn_delivery_remote(delivery))));
    }
    const auto since = reinterpret_cast<std::int64_t>(pn_delivery_get_context(delivery));
    pn_delivery_settle(delivery);
    --unsettled_;
    if (report_.done(since)) {
      report_.print();
      std::_Exit(0);
    }
    flow();
  }

  const std::string address_;
  const std::size_t in_flight_;
  std::size_t left_, unsettled_ = 0, stamp_at_ = 0;
  bench::Report report_;
  std::string encoded_;
  pn_link_t* link_ = nullptr;
  std::uint64_t next_tag_ = 0;
};

class Receiving final : public Peer {
 public:
  Receiving(bascule::Loop& loop, char** argv)
      : Peer(loop, argv[2]),
        address_(argv[3]),
        credit_(std::atoi(argv[4])),
        report_(std::strtoul(argv[5], nullptr, 10)) {}

 private:
  void opened() override {
    link_ = pn_receiver(begin_session(), "bench-receiver");
    pn_terminus_set_address(pn_link_source(link_), address_.c_str());
    amqp::set_capabilities(pn_link_source(link_), {"queue"});
    pn_link_open(link_);
    pn_link_flow(link_, credit_);
  }
  void attached() override { say_attached(); }
  void delivery(pn_delivery_t* delivery) override {
    if (pn_link_current(link_) != delivery || pn_delivery_partial(delivery)) return;
    const auto size = pn_link_recv(link_, buffer_, sizeof buffer_);
    pn_link_advance(link_);
    pn_delivery_update(delivery, PN_ACCEPTED);
    pn_delivery_settle(delivery);
    if (pn_link_credit(link_) <= credit_ / 2) pn_link_flow(link_, credit_ - pn_link_credit(link_));
    connection_->wake();
    const auto view = amqp::MessageView::parse({buffer_, size > 0 ? static_cast<std::size_t>(size) : 0});
    if (!view || finished_) fail("a message that nobody sent");
    const auto body = view->body(scratch_);
    std::int64_t since = 0;
    std::memcpy(&since, body.data(), sizeof since);
    if (!report_.done(since)) return;
    finished_ = true;
    report_.print();
    pn_connection_close(connection_->engine());  // what was accepted last must reach the broker
  }
  void on_closed(amqp::Connection& connection, std::string_view reason) override {
    if (finished_) std::_Exit(0);
    Peer::on_closed(connection, reason);
  }

  const std::string address_;
  const int credit_;
  bench::Report report_;
  pn_link_t* link_ = nullptr;
  bool finished_ = false;
  std::string scratch_;
  char buffer_[128 * 1024];
};

class Holding final : public Peer {
 public:
  Holding(bascule::Loop& loop, const std::string& url, std::size_t& missing) : Peer(loop, url), missing_(missing) {}

 private:
  void opened() override {
    begin_session();
    if (--missing_ == 0) say_attached();
  }
  std::size_t& missing_;
};

int hold(bascule::Loop& loop, const std::string& url, std::size_t count) {
  std::vector<std::unique_ptr<Holding>> held;
  std::size_t missing = count;
  for (std::size_t i = 0; i < count; ++i) {
    held.push_back(std::make_unique<Holding>(loop, url, missing));
    loop.context().poll();
  }
  asio::posix::stream_descriptor input(loop.context(), ::dup(STDIN_FILENO));
  char byte = 0;
  input.async_read_some(asio::buffer(&byte, 1), [](auto, auto) { std::_Exit(0); });
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  bascule::Loop loop;
  if (mode == "hold" && argc == 4) return hold(loop, argv[2], std::strtoul(argv[3], nullptr, 10));
  std::unique_ptr<Peer> peer;
  if (mode == "send" && argc == 8) {
    peer = std::make_unique<Sending>(loop, argv);
  } else if (mode == "receive" && argc == 6) {
    peer = std::make_unique<Receiving>(loop, argv);
  } else {
    fail(
        "usage: send URL ADDRESS IN_FLIGHT TOTAL SIZE durable|volatile; receive URL ADDRESS CREDIT TOTAL; hold URL "
        "COUNT");
  }
  loop.run();
}
