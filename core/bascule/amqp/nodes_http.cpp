// RabbitMQ 3's management plugin: one HTTP/1.1 connection, one request after the other.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <optional>

#include "bascule/amqp/nodes.hpp"
#include "bascule/amqp/nodes_requests.hpp"
#include "bascule/loop/timed_stream.hpp"

namespace bascule::amqp {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds request_time{10};
constexpr const char* default_port = "15672";

std::string base64(const std::string& text) {
  std::string out(beast::detail::base64::encoded_size(text.size()), '\0');
  out.resize(beast::detail::base64::encode(out.data(), text.data(), text.size()));
  return out;
}

class HttpNodes final : public Nodes {
 public:
  HttpNodes(Loop& loop, const Url& url) : state_(std::make_shared<State>(loop, url)) {}
  ~HttpNodes() override {
    state_->ended = true;
    state_->batches.clear();
    if (state_->stream) state_->stream->cancel();
  }

  void declare(std::vector<profile::Declaration> wanted, Done done) override {
    state_->batches.push_back({std::move(wanted), std::move(done)});
    if (std::exchange(state_->running, true)) return;
    asio::co_spawn(state_->loop.context(), run(state_), asio::detached);
  }

 private:
  struct Batch {
    std::vector<profile::Declaration> wanted;
    Done done;
  };
  struct State {
    State(Loop& l, const Url& u) : loop(l), url(u) {
      if (url.management.empty()) url.management = default_port;
      // As the broker itself does with a connection that is ANONYMOUS.
      authorization = "Basic " + base64(url.user.empty() ? "guest:guest" : url.user + ":" + url.password);
    }
    Loop& loop;
    Url url;
    std::string authorization;
    std::deque<Batch> batches;
    std::optional<TimedStream> stream;
    bool running = false, ended = false;
  };

  static asio::awaitable<void> run(std::shared_ptr<State> state) {
    while (!state->batches.empty()) {
      auto batch = std::move(state->batches.front());
      state->batches.pop_front();
      std::string error;
      try {
        for (const auto& each : batch.wanted) {
          error = co_await request(*state, each);
          if (!error.empty() || state->ended) break;
        }
      } catch (const boost::system::system_error& failure) {
        state->stream.reset();
        error = "cannot declare nodes at http://" + state->url.host + ":" + state->url.management +
                " (RabbitMQ's plugin rabbitmq_management; another port: ?management=PORT in the broker's address): " +
                failure.code().message();
      }
      if (state->ended) co_return;
      batch.done(error);
    }
    state->running = false;
  }

  static asio::awaitable<void> connect(State& state) {
    tcp::resolver resolver(state.loop.context());
    const auto found = co_await resolver.async_resolve(state.url.host, state.url.management, asio::use_awaitable);
    state.stream.emplace(state.loop.context());
    state.stream->expires_after(request_time);
    co_await state.stream->async_connect(found, asio::use_awaitable);
  }

  static asio::awaitable<std::string> request(State& state, const profile::Declaration& wanted) {
    if (!state.stream) co_await connect(state);
    const auto made = nodes::http_request(wanted, state.url.vhost);
    http::request<http::string_body> out(http::string_to_verb(made.method), made.target, 11);
    out.set(http::field::host, state.url.host);
    out.set(http::field::authorization, state.authorization);
    out.set(http::field::content_type, "application/json");
    out.body() = made.body;
    out.prepare_payload();
    state.stream->expires_after(request_time);
    co_await http::async_write(*state.stream, out, asio::use_awaitable);
    beast::flat_buffer buffer(64 * 1024);
    http::response<http::string_body> answer;
    co_await http::async_read(*state.stream, buffer, answer, asio::use_awaitable);
    if (!answer.keep_alive()) state.stream.reset();
    if (answer.result_int() / 100 == 2) co_return "";
    co_return "the broker refuses " + nodes::describe(wanted) + " (" + std::to_string(answer.result_int()) +
        "): " + answer.body();
  }

  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Nodes> make_http_nodes(Loop& loop, const Url& url) { return std::make_unique<HttpNodes>(loop, url); }

}  // namespace bascule::amqp
