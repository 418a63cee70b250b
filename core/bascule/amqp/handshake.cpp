#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <new>

#include "bascule/amqp/tls_transport.hpp"

namespace bascule::amqp {
namespace {

using asio::ip::tcp;

// RFC 8446, 5.1 and 5.2: a record's header, and the most behind it.
constexpr std::size_t record_header = 5, largest_record = (1U << 14) + 256;
// What a client may send in a handshake: a chain of certificates is the largest of it.
constexpr std::size_t largest_handshake = 128 * 1024;

// OpenSSL's side of one handshake: bytes in, bytes out. It is used by one thread at a time.
class Crypto {
 public:
  explicit Crypto(std::shared_ptr<TlsContext> context)
      : context_(std::move(context)), ssl_(SSL_new(context_->state().context.native_handle())) {
    if (ssl_ == nullptr) throw std::bad_alloc();
    SSL_set_accept_state(ssl_);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }
  ~Crypto() { SSL_free(ssl_); }
  Crypto(const Crypto&) = delete;
  Crypto& operator=(const Crypto&) = delete;

  struct Step {
    std::string output;
    error_code error;
    bool done = false;
  };
  Step take(std::string_view record) {
    ERR_clear_error();
    BIO_write(SSL_get_rbio(ssl_), record.data(), static_cast<int>(record.size()));
    const int result = SSL_do_handshake(ssl_);
    Step step;
    step.done = result == 1;
    if (!step.done && SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) {
      const auto code = ERR_get_error();
      step.error = code != 0 ? explain({static_cast<int>(code), asio::error::get_ssl_category()}, ssl_)
                             : error_code(asio::error::connection_aborted);
    }
    // A record is of one kind: behind the handshake's last nothing is left that would be lost with these buffers.
    if (step.done && BIO_ctrl_pending(SSL_get_rbio(ssl_)) != 0) step.error = asio::error::invalid_argument;
    char* written = nullptr;
    const auto size = BIO_get_mem_data(SSL_get_wbio(ssl_), &written);
    step.output.assign(written, static_cast<std::size_t>(size));
    (void)BIO_reset(SSL_get_wbio(ssl_));
    return step;
  }
  SSL* release() noexcept { return std::exchange(ssl_, nullptr); }
  const std::shared_ptr<TlsContext>& context() const noexcept { return context_; }

 private:
  std::shared_ptr<TlsContext> context_;
  SSL* ssl_;
};

// Reads record by record, no byte beyond the handshake's last, so that a stream can go on with the socket as it is. It is
// the loop's; only Crypto goes to the workers and back. Whoever began it keeps it alive.
struct Handshake : std::enable_shared_from_this<Handshake> {
  Handshake(tcp::socket s, std::shared_ptr<TlsContext> context, std::shared_ptr<TlsWorkers> w, TlsDone d)
      : socket(std::move(s)),
        workers(std::move(w)),
        crypto(std::make_shared<Crypto>(std::move(context))),
        done(std::move(d)) {}

  void read_record() {
    record.resize(record_header);
    asio::async_read(socket, asio::buffer(record), [self = shared_from_this()](error_code error, std::size_t) {
      error ? self->finish(error) : self->read_rest();
    });
  }

  void read_rest() {
    const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(record[at]); };
    const std::size_t size = std::size_t{byte(3)} << 8 | byte(4);
    total += record_header + size;
    // 20 to 23 are the kinds of records there are; the first byte of every version is 3.
    if (byte(0) < 20 || byte(0) > 23 || byte(1) != 3 || size > largest_record || total > largest_handshake) {
      return finish(asio::error::invalid_argument);
    }
    record.resize(record_header + size);
    asio::async_read(
        socket, asio::buffer(record.data() + record_header, size),
        [self = shared_from_this()](error_code error, std::size_t) { error ? self->finish(error) : self->work(); });
  }

  void work() {
    workers->run([weak = weak_from_this(), crypto = crypto, record = record, loop = socket.get_executor()] {
      asio::post(loop, [weak, step = crypto->take(record)]() mutable {
        if (const auto self = weak.lock()) self->write(std::move(step));
      });
    });
  }

  void write(Crypto::Step step) {
    if (step.output.empty()) return go_on(step.error, step.done);
    record = std::move(step.output);
    asio::async_write(socket, asio::buffer(record),
                      [self = shared_from_this(), why = step.error, over = step.done](error_code error, std::size_t) {
                        self->go_on(why ? why : error, over);
                      });
  }

  void go_on(error_code error, bool over) {
    if (!error && !over) return read_record();
    finish(error);
  }

  void finish(error_code error) {
    if (!done) return;
    auto tell = std::move(done);
    done = nullptr;
    if (error) {
      error_code ignored;
      socket.close(ignored);
      return tell(error, nullptr);
    }
    tell({}, std::make_shared<TlsSocket>(std::move(socket), crypto->context(), crypto->release()));
  }

  tcp::socket socket;
  const std::shared_ptr<TlsWorkers> workers;
  const std::shared_ptr<Crypto> crypto;
  TlsDone done;
  std::string record;
  std::size_t total = 0;
};

}  // namespace

TlsWorkers::TlsWorkers() {
  // Who is connected already goes first where processors are short.
  asio::post(thread_, [] { (void)::setpriority(PRIO_PROCESS, 0, 10); });
}

TlsWorkers::~TlsWorkers() {
  thread_.stop();
  thread_.join();
}

std::function<void()> tls_server_handshake(tcp::socket socket, std::shared_ptr<TlsContext> context,
                                           std::shared_ptr<TlsWorkers> workers, TlsDone done) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto handshake =
      std::make_shared<Handshake>(std::move(socket), std::move(context), std::move(workers), std::move(done));
  handshake->read_record();
  return [handshake = std::move(handshake)] {
    error_code closing;
    handshake->socket.close(closing);
    // While it is with the workers nothing is under way on the socket that would notice.
    asio::post(handshake->socket.get_executor(), [handshake] { handshake->finish(asio::error::operation_aborted); });
  };
}

}  // namespace bascule::amqp
