// Load on a broker of AMQP 0.9.1 (RabbitMQ's best case): publisher confirms, consumer acknowledgements, both in batches.
//
//   bench-amqp091 declare HOST PORT QUEUE classic|quorum durable|transient
//   bench-amqp091 send    HOST PORT QUEUE IN_FLIGHT TOTAL SIZE durable|volatile    latency: until confirmed
//   bench-amqp091 receive HOST PORT QUEUE PREFETCH  TOTAL                          latency: since the sender sent it
//   bench-amqp091 delete  HOST PORT QUEUE
//
// librabbitmq opens the channel; the data path is frames written by hand, all that may be sent in one write and all that came
// in one read: the generator must not be what is slow. Output as bench-amqp1's.
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "report.hpp"

namespace {

constexpr std::size_t write_bound = 256 * 1024;

[[noreturn]] void fail(std::string_view why) {
  std::cerr << "bench-amqp091: " << why << "\n";
  std::_Exit(1);
}

void put(std::string& out, std::uint64_t value, int bytes) {
  while (bytes-- > 0) out.push_back(static_cast<char>(value >> (8 * bytes)));
}
void put_text(std::string& out, std::string_view text) {
  put(out, text.size(), 1);
  out += text;
}
std::uint64_t get(const char* at, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}
std::string frame(int type, const std::string& payload) {
  std::string out;
  put(out, static_cast<std::uint64_t>(type), 1);
  put(out, 1, 2);
  put(out, payload.size(), 4);
  return out + payload + '\xce';
}
std::string method(int number) {
  std::string out;
  put(out, 60, 2);  // class basic
  put(out, static_cast<std::uint64_t>(number), 2);
  return out;
}
enum : std::uint64_t { consume = 20, publish = 40, deliver = 60, ack = 80, nack = 120 };

/// A channel on a connection of its own, opened by librabbitmq.
class Channel {
 public:
  Channel(const char* host, const char* port) : connection_(amqp_new_connection()) {
    auto* const socket = amqp_tcp_socket_new(connection_);
    if (socket == nullptr || amqp_socket_open(socket, host, std::atoi(port)) != 0) fail("cannot connect");
    const auto login = amqp_login(connection_, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    if (login.reply_type != AMQP_RESPONSE_NORMAL) fail("the login was refused");
    amqp_channel_open(connection_, 1);
    check("opening a channel");
  }
  amqp_connection_state_t get() const noexcept { return connection_; }
  void check(const char* what) const {
    if (amqp_get_rpc_reply(connection_).reply_type != AMQP_RESPONSE_NORMAL) fail(std::string(what) + " was refused");
  }

 private:
  amqp_connection_state_t connection_;
};

/// The channel's socket once it is ours: frames in, bytes out.
class Wire {
 public:
  explicit Wire(const Channel& channel) : socket_(amqp_get_sockfd(channel.get())) {
    ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
  }
  std::string out;

  /// Writes what the kernel takes, waits until something can be done, and gives each frame that came to `take(type, payload)`.
  template <class Take>
  void turn(Take&& take) {
    write();
    pollfd wanted{socket_, static_cast<short>(POLLIN | (out.empty() ? 0 : POLLOUT)), 0};
    ::poll(&wanted, 1, -1);
    if ((wanted.revents & (POLLIN | POLLHUP)) == 0) return;
    const auto before = in_.size();
    in_.resize(before + write_bound);
    const auto got = ::read(socket_, in_.data() + before, write_bound);
    if (got == 0) fail("the broker closed the connection");
    in_.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    std::size_t at = 0;
    while (in_.size() - at >= 8) {
      const auto size = get(in_.data() + at + 3, 4);
      if (in_.size() - at < size + 8) break;
      const std::string_view payload(in_.data() + at + 7, size);
      if (in_[at] == 1 && get(payload.data(), 2) != 60)
        fail("the broker closed the channel: " + std::string(payload.substr(6)));
      take(in_[at], payload);
      at += size + 8;
    }
    in_.erase(0, at);
  }
  void write() {
    if (out.empty()) return;
    const auto sent = ::write(socket_, out.data(), out.size());
    if (sent > 0) out.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN) fail("cannot write");
  }

 private:
  const int socket_;
  std::string in_;
};

int send(const Channel& channel, char** argv) {
  amqp_confirm_select(channel.get(), 1);
  channel.check("confirm.select");
  const std::size_t in_flight = std::strtoul(argv[5], nullptr, 10), total = std::strtoul(argv[6], nullptr, 10);
  const std::string body(std::strtoul(argv[7], nullptr, 10), 'x');
  const bool durable = std::string_view(argv[8]) == "durable";
  std::string head = method(publish);
  put(head, 0, 2);
  put_text(head, "");
  put_text(head, argv[4]);
  put(head, 0, 1);
  std::string header;
  put(header, 60, 2);
  put(header, 0, 2);
  put(header, body.size(), 8);
  put(header, 0x1000, 2);  // delivery-mode follows
  put(header, durable ? 2 : 1, 1);
  std::string message = frame(1, head) + frame(2, header) + frame(3, body);
  const std::size_t stamp_at = message.size() - 1 - body.size();

  Wire wire(channel);
  bench::Report report(total);
  std::vector<std::int64_t> sent_at(total + 1);
  std::size_t sent = 0, confirmed = 0;
  std::cout << "attached" << std::endl;
  report.begin();
  while (true) {
    while (sent < total && sent - confirmed < in_flight && wire.out.size() < write_bound) {
      sent_at[++sent] = bench::now_ns();
      std::memcpy(message.data() + stamp_at, &sent_at[sent], 8);
      wire.out += message;
    }
    bool all = false;
    wire.turn([&](int type, std::string_view payload) {
      if (type != 1) return;
      if (get(payload.data() + 2, 2) == nack) fail("a message was refused");
      const std::size_t tag = get(payload.data() + 4, 8);
      const bool multiple = payload[12] != 0;
      for (std::size_t n = multiple ? confirmed + 1 : tag; n <= tag; ++n) {
        if (sent_at[n] == 0) continue;  // out of order, confirmed before
        all = report.done(std::exchange(sent_at[n], 0));
      }
      while (confirmed < sent && sent_at[confirmed + 1] == 0) ++confirmed;
    });
    if (!all) continue;
    report.print();
    return 0;
  }
}

int receive(const Channel& channel, char** argv) {
  amqp_basic_qos(channel.get(), 1, 0, static_cast<std::uint16_t>(std::atoi(argv[5])), 0);
  channel.check("basic.qos");
  const std::size_t batch = std::max<std::size_t>(1, std::strtoul(argv[5], nullptr, 10) / 8);
  const std::size_t total = std::strtoul(argv[6], nullptr, 10);
  Wire wire(channel);
  std::string wanted = method(consume);
  put(wanted, 0, 2);
  put_text(wanted, argv[4]);
  put_text(wanted, "");
  put(wanted, 0, 1);
  put(wanted, 0, 4);
  wire.out = frame(1, wanted);
  bench::Report report(total);
  std::uint64_t tag = 0, acked = 0;
  bool attached = false, all = false;
  const auto acknowledge = [&] {
    std::string said = method(ack);
    put(said, tag, 8);
    put(said, 1, 1);
    wire.out += frame(1, said);
    acked = tag;
  };
  while (!all) {
    wire.turn([&](int type, std::string_view payload) {
      if (!std::exchange(attached, true)) std::cout << "attached" << std::endl;
      if (type == 1 && get(payload.data() + 2, 2) == deliver) {
        tag = get(payload.data() + 5 + static_cast<unsigned char>(payload[4]), 8);
      } else if (type == 3) {
        std::int64_t since = 0;
        std::memcpy(&since, payload.data(), sizeof since);
        all = report.done(since);
        if (tag - acked >= batch) acknowledge();
      }
    });
    if (tag > acked) acknowledge();
  }
  report.print();
  while (!wire.out.empty()) wire.write();
  amqp_connection_close(channel.get(), AMQP_REPLY_SUCCESS);
  return 0;
}

int declare(const Channel& channel, char** argv) {
  amqp_table_entry_t type;
  type.key = amqp_cstring_bytes("x-queue-type");
  type.value.kind = AMQP_FIELD_KIND_UTF8;
  type.value.value.bytes = amqp_cstring_bytes(argv[5]);
  const amqp_table_t arguments{1, &type};
  const bool durable = std::string_view(argv[6]) == "durable";
  amqp_queue_declare(channel.get(), 1, amqp_cstring_bytes(argv[4]), 0, durable, 0, 0, arguments);
  channel.check("declaring the queue");
  return 0;
}

int remove(const Channel& channel, char** argv) {
  amqp_queue_delete(channel.get(), 1, amqp_cstring_bytes(argv[4]), 0, 0);
  channel.check("deleting the queue");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) fail("usage: declare | send | receive | delete HOST PORT QUEUE ...");
  const std::string_view mode = argv[1];
  const Channel channel(argv[2], argv[3]);
  if (mode == "declare" && argc == 7) return declare(channel, argv);
  if (mode == "send" && argc == 9) return send(channel, argv);
  if (mode == "receive" && argc == 7) return receive(channel, argv);
  if (mode == "delete") return remove(channel, argv);
  fail("wrong number of arguments");
}
