#include "native/bridge/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>

namespace bascule::python {

Mailbox::Mailbox() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Mailbox::~Mailbox() { ::close(fd_); }

void Mailbox::push(Letter letter) {
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    wake = letters_.empty();
    letters_.push_back(std::move(letter));
  }
  if (!wake) return;
  const std::uint64_t one = 1;
  // Cannot fail but by overflow, and then it is readable anyway.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void Mailbox::take(std::vector<Letter>& into) {
  std::uint64_t count;
  // Before the swap: what is pushed in between is taken now, and what comes later writes again.
  [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  into.swap(letters_);
}

void Outbound::push(Letter work) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_.push_back(std::move(work));
    if (posted_ || held_) return;
    posted_ = true;
  }
  post();
}

void Outbound::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void Outbound::release() {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
    if (waiting_.empty() || posted_ || closed_) return;
    posted_ = true;
  }
  post();
}

void Outbound::post() {
  loop_.post([self = shared_from_this()] { self->run(); });
}

void Outbound::run() {
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    running_.swap(waiting_);
  }
  for (auto& work : running_) work();
  running_.clear();
}

void Outbound::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

}  // namespace bascule::python
