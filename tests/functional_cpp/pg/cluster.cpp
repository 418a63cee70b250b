#include "functional_cpp/pg/cluster.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace bascule::test {
namespace {

/// Runs a shell command; its output is the message when it fails.
void run(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>&1").c_str(), "r"), [](FILE*) { return 0; });
  std::string output;
  std::array<char, 512> chunk{};
  while (const auto got = fread(chunk.data(), 1, chunk.size(), pipe.get())) output.append(chunk.data(), got);
  if (const int status = pclose(pipe.get()); status != 0)
    throw std::runtime_error(command + " ended with status " + std::to_string(status) + ": " + output);
}

const passwd& database_user() {
  for (const char* const name : {"postgres", "nobody"}) {
    if (const auto* const found = getpwnam(name)) return *found;
  }
  throw std::runtime_error("neither the user postgres nor nobody exists: cannot run PostgreSQL as root");
}

std::string as_user() { return geteuid() == 0 ? "runuser -u " + std::string(database_user().pw_name) + " -- " : ""; }

}  // namespace

Cluster::Cluster(const std::vector<std::string>& settings) {
  std::string name = "/tmp/bpgXXXXXX";  // short: a Unix socket's path has 107 bytes
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory under /tmp");
  directory_ = name;
  if (geteuid() == 0 && chown(directory_.c_str(), database_user().pw_uid, database_user().pw_gid) != 0)
    throw std::runtime_error("cannot give " + directory_ + " to the database's user");
  run("cd / && " + as_user() + PG_BIN_DIR "/initdb -D " + directory_ +
      "/data -U postgres -A trust -E UTF8 --no-locale -N");
  std::ofstream conf(directory_ + "/data/postgresql.conf", std::ios::app);
  // Crashes here are of processes, never of the machine: nothing needs to wait for a disk, however slow that is.
  conf << "fsync = off\nlisten_addresses = ''\nunix_socket_directories = '" << directory_
       << "'\nmax_connections = 60\n";
  for (const auto& line : settings) conf << line << '\n';
  conf.close();
  keep_watch();
  start();
}

// A shell that waits for the end of its input, which comes when this program ends in whatever way, and then
// cleans up.
void Cluster::keep_watch() {
  const std::string script = "trap '' INT TERM HUP; cd /; cat > /dev/null; " + as_user() + PG_BIN_DIR "/pg_ctl -D " +
                             directory_ + "/data -w -m immediate stop > /dev/null 2>&1; rm -rf " + directory_;
  watch_ = popen(script.c_str(), "we");  // e: no other child may hold the input open
  if (watch_ == nullptr) throw std::runtime_error("cannot start a shell to watch over " + directory_);
}

Cluster::~Cluster() { pclose(watch_); }

void Cluster::pg(const std::string& command) const {
  run("cd / && " + as_user() + PG_BIN_DIR "/pg_ctl -D " + directory_ + "/data -w -t 240 " + command);
}

void Cluster::start() { pg("-l " + directory_ + "/log -o '-k " + directory_ + "' start"); }
void Cluster::crash() { pg("-m immediate stop"); }
void Cluster::stop() { pg("-m fast stop"); }

std::string Cluster::conninfo(const std::string& database) const {
  return "host=" + directory_ + " user=postgres dbname=" + database;
}

Cluster& cluster() {
  static Cluster one;
  return one;
}

std::string fresh_database() {
  static int number = 0;
  const auto name = "t" + std::to_string(++number);
  run("cd / && " + as_user() + PG_BIN_DIR "/createdb -h " + cluster().socket_directory() + " -U postgres " + name);
  return cluster().conninfo(name);
}

}  // namespace bascule::test
