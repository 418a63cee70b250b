// MemoryStream: two ends of a byte stream in memory, on one Loop. What a socket does, without one: reads wait, writes are
// taken, a closed end is seen by the other.
#pragma once

#include <boost/asio/error.hpp>
#include <memory>
#include <string>
#include <utility>

#include "bascule/amqp/stream.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::test {

class MemoryStream final : public amqp::Stream {
 public:
  struct Pipe {
    std::string bytes;
    bool closed = false;
    MemoryStream* reader = nullptr;
  };

  static std::pair<std::unique_ptr<amqp::Stream>, std::unique_ptr<amqp::Stream>> pair(Loop& loop) {
    auto a = std::make_shared<Pipe>(), b = std::make_shared<Pipe>();
    return {std::make_unique<MemoryStream>(loop, a, b), std::make_unique<MemoryStream>(loop, b, a)};
  }

  MemoryStream(Loop& loop, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : loop_(loop), in_(std::move(in)), out_(std::move(out)) {
    in_->reader = this;
  }
  ~MemoryStream() override {
    in_->reader = nullptr;
    close();
  }

  void async_read(std::span<char> buffer, ReadDone done) override {
    buffer_ = buffer;
    done_ = std::move(done);
    deliver();
  }
  std::size_t try_read(std::span<char> buffer, amqp::error_code& error) override {
    const auto n = std::min(buffer.size(), in_->bytes.size());
    if (n == 0) error = in_->closed ? amqp::error_code(asio::error::eof) : amqp::error_code(asio::error::would_block);
    in_->bytes.copy(buffer.data(), n);
    in_->bytes.erase(0, n);
    return n;
  }
  std::size_t try_write(std::string_view bytes, amqp::error_code& error) override {
    if (out_->closed) {
      error = asio::error::broken_pipe;
      return 0;
    }
    out_->bytes.append(bytes);
    if (out_->reader != nullptr) out_->reader->deliver();
    return bytes.size();
  }
  void async_wait_writable(WriteReady ready) override {
    loop_.post([r = std::move(ready)]() mutable { r({}); });
  }
  void close() noexcept override {
    for (const auto& pipe : {in_, out_}) {
      pipe->closed = true;
      if (pipe->reader != nullptr) pipe->reader->deliver();
    }
  }
  const std::string& peer() const noexcept override { return peer_; }
  bool confidential() const noexcept override { return true; }

 private:
  void deliver() {
    if (!done_ || (in_->bytes.empty() && !in_->closed)) return;
    amqp::error_code error;
    const auto n = try_read(buffer_, error);
    loop_.post([done = std::move(done_), error, n]() mutable { done(error, n); });
    done_ = nullptr;
  }

  Loop& loop_;
  std::shared_ptr<Pipe> in_, out_;
  std::span<char> buffer_;
  ReadDone done_;
  std::string peer_ = "memory";
};

}  // namespace bascule::test
