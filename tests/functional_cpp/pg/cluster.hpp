// Cluster: a private PostgreSQL for a test program, on a Unix socket in a temporary directory. Never a system
// cluster.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace bascule::test {

class Cluster {
 public:
  /// initdb and start. As root it runs as the user `postgres` or `nobody`, because PostgreSQL refuses root.
  /// `settings` are lines of postgresql.conf. Throws std::runtime_error with the program's output.
  explicit Cluster(const std::vector<std::string>& settings = {"fsync = off"});
  /// Stops and removes everything. So does the end of the program, even by a crash.
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  std::string conninfo(const std::string& database = "postgres") const;
  const std::string& socket_directory() const noexcept { return directory_; }
  void start();
  /// As if every backend had crashed: no checkpoint, no goodbye.
  void crash();
  void stop();

 private:
  void pg(const std::string& command) const;
  void keep_watch();
  std::string directory_;
  FILE* watch_ = nullptr;
};

/// The one cluster that all cases of a program share; started at first use.
Cluster& cluster();
/// A new empty database in it; returns its conninfo.
std::string fresh_database();

}  // namespace bascule::test
