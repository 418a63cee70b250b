#include "bascule/gateway/line_writer.hpp"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace bascule::gateway {

LineWriter::LineWriter(int descriptor, Options options) : descriptor_(descriptor), options_(options) {
  sigset_t all, before;  // signals are for the main thread
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LineWriter::push(std::string_view lines, std::uint64_t count) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (queued_.size() + writing_ + lines.size() > options_.max_bytes) {
      dropped_ += count;
      return;
    }
    first = queued_.empty();
    queued_ += lines;
  }
  if (first) wake_.notify_one();
}

std::uint64_t LineWriter::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::size_t LineWriter::waiting_bytes() const {
  const std::lock_guard lock(mutex_);
  return queued_.size() + writing_;
}

void LineWriter::run() {
  std::string block;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queued_.empty(); });
    if (queued_.empty()) return;
    // What comes within the next moment goes out with it: one wake-up for many turns of many loops.
    wake_.wait_for(lock, options_.gather, [this] { return stopping_; });
    block.clear();
    block.swap(queued_);
    writing_ = block.size();
    lock.unlock();
    write(block);
    lock.lock();
    writing_ = 0;
  }
}

// A write of at most PIPE_BUF bytes is not torn by others who write to the same pipe, and does not block once poll() says
// that it can be done. So: as many whole lines as fit.
void LineWriter::write(std::string_view block) {
  while (!block.empty()) {
    std::size_t size = std::min<std::size_t>(block.size(), PIPE_BUF);
    if (const auto end = block.substr(0, size).rfind('\n'); end != std::string_view::npos) size = end + 1;
    if (!writable()) return drop(block);
    const ssize_t written = ::write(descriptor_, block.data(), size);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) return drop(block);
    block.remove_prefix(static_cast<std::size_t>(written));
    const std::lock_guard lock(mutex_);
    writing_ = block.size();
  }
}

bool LineWriter::writable() {
  const auto begun = std::chrono::steady_clock::now();
  while (true) {
    pollfd waiting{descriptor_, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, 50);
    if (ready > 0) return true;  // an error too: write() says which
    if (ready < 0 && errno != EINTR) return false;
    const std::lock_guard lock(mutex_);
    if (stopping_ && std::chrono::steady_clock::now() - begun >= options_.flush_time) return false;
  }
}

void LineWriter::drop(std::string_view rest) {
  const std::lock_guard lock(mutex_);
  dropped_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
  writing_ = 0;
}

}  // namespace bascule::gateway
