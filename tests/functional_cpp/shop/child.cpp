#include "functional_cpp/shop/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace bascule::test {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Child::Child(std::string program, std::string name, std::string folder, const std::string& config)
    : name_(std::move(name)), folder_(std::move(folder)) {
  const auto base = folder_ + '/' + name_;
  const auto config_file = base + ".toml", ready_file = base + ".ready", log_file = base + ".log";
  std::ofstream(config_file) << config;
  ::unlink(ready_file.c_str());
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    const int out = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execl(program.c_str(), program.c_str(), "--config", config_file.c_str(), "--ready-file", ready_file.c_str(),
            nullptr);
    ::_exit(127);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(240);
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  while ((ready_ = read_file(ready_file)).empty()) {
    pollfd one{ended, POLLIN, 0};
    // Waits for the end of the process, and looks for the file meanwhile.
    if (::poll(&one, 1, 10) > 0 || std::chrono::steady_clock::now() > until) {
      ::close(ended);
      throw std::runtime_error(name_ + " did not become ready:\n" + log());
    }
  }
  ::close(ended);
}

Child::~Child() { kill(); }

int Child::stop() {
  if (pid_ < 0) return 0;
  ::kill(pid_, SIGTERM);
  return wait();
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

int Child::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string Child::log() const { return read_file(folder_ + '/' + name_ + ".log"); }

}  // namespace bascule::test
