#include "bascule/loop/timed_stream.hpp"

#include <boost/beast/core/tcp_stream.hpp>

namespace bascule {

struct TimedStream::State {
  // A message that takes two writes would wait for the other side's delayed acknowledgement between them (40 ms).
  void no_delay() {
    error_code ignored;
    stream.socket().set_option(tcp::no_delay(true), ignored);
  }
  boost::beast::tcp_stream stream;
};

TimedStream::TimedStream(boost::asio::io_context& context) : TimedStream(tcp::socket(context)) {}
TimedStream::TimedStream(tcp::socket socket) : state_(new State{boost::beast::tcp_stream(std::move(socket))}) {
  if (this->socket().is_open()) state_->no_delay();
}
TimedStream::TimedStream(TimedStream&&) noexcept = default;
TimedStream::~TimedStream() = default;

TimedStream::executor_type TimedStream::get_executor() { return state_->stream.get_executor(); }
TimedStream::tcp::socket& TimedStream::socket() { return state_->stream.socket(); }
void TimedStream::expires_after(std::chrono::nanoseconds span) { state_->stream.expires_after(span); }
void TimedStream::cancel() { state_->stream.cancel(); }

void TimedStream::connect(const tcp::resolver::results_type& endpoints, UniqueFunction<void(error_code)> done) {
  state_->stream.async_connect(
      endpoints, [state = state_.get(), done = std::move(done)](error_code error, const tcp::endpoint&) mutable {
        if (!error) state->no_delay();
        done(error);
      });
}
void TimedStream::read_some(SomeMutable into, Done done) { state_->stream.async_read_some(into, std::move(done)); }
void TimedStream::write_some(SomeConst from, Done done) { state_->stream.async_write_some(from, std::move(done)); }

}  // namespace bascule
