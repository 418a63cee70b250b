// Child: a daemon run by a test, as its own process.
#pragma once

#include <sys/types.h>
#include <string>

namespace bascule::test {

class Child {
 public:
  /// Runs `program --config CONFIG --ready-file ...` and waits until it is ready. Its log goes to
  /// FOLDER/NAME.log. Throws std::runtime_error with the log when it ends first.
  Child(std::string program, std::string name, std::string folder, const std::string& config);
  /// Kills what still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// What the ready file says.
  const std::string& ready() const noexcept { return ready_; }
  /// SIGTERM; the exit status.
  int stop();
  /// SIGKILL.
  void kill();
  std::string log() const;

 private:
  int wait();
  std::string name_, folder_, ready_;
  pid_t pid_ = -1;
};

/// The text of a file, or nothing.
std::string read_file(const std::string& path);

}  // namespace bascule::test
