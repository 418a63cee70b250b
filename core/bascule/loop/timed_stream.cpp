#include "bascule/loop/timed_stream.hpp"

#include <boost/beast/core/tcp_stream.hpp>

namespace bascule {

struct TimedStream::State {
  boost::beast::tcp_stream stream;
};

TimedStream::TimedStream(boost::asio::io_context& context) : TimedStream(tcp::socket(context)) {}
TimedStream::TimedStream(tcp::socket socket) : state_(new State{boost::beast::tcp_stream(std::move(socket))}) {}
TimedStream::TimedStream(TimedStream&&) noexcept = default;
TimedStream::~TimedStream() = default;

TimedStream::executor_type TimedStream::get_executor() { return state_->stream.get_executor(); }
TimedStream::tcp::socket& TimedStream::socket() { return state_->stream.socket(); }
void TimedStream::expires_after(std::chrono::nanoseconds span) { state_->stream.expires_after(span); }
void TimedStream::cancel() { state_->stream.cancel(); }

void TimedStream::connect(const tcp::resolver::results_type& endpoints, UniqueFunction<void(error_code)> done) {
  state_->stream.async_connect(
      endpoints, [done = std::move(done)](error_code error, const tcp::endpoint&) mutable { done(error); });
}
void TimedStream::read_some(SomeMutable into, Done done) { state_->stream.async_read_some(into, std::move(done)); }
void TimedStream::write_some(SomeConst from, Done done) { state_->stream.async_write_some(from, std::move(done)); }

}  // namespace bascule
