// Logins: checks who connects: the users as they are now, and how often each peer may fail.
//
// What: keys for SCRAM at once; passwords (PLAIN) on a thread of their own, because checking one takes milliseconds that
// the loop does not have. A password that was right is remembered as a keyed hash, so that it costs nothing the next time.
// Bounds: max_waiting passwords to check; failures of a peer: max_failures at once, one more each 3 s, then it is refused without
// any work (max_peers are remembered).
// Thread safety: the loop's thread. Lifetime: shared; an authenticator keeps it alive.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "bascule/broker/failures.hpp"
#include "bascule/broker/users.hpp"
#include "bascule/loop/deadline.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::broker {

struct LoginCounters {
  std::uint64_t succeeded = 0, failed = 0, throttled = 0, busy = 0;
};

class Logins : public std::enable_shared_from_this<Logins> {
 public:
  static constexpr std::size_t max_waiting = 64, max_peers = Failures::max_peers;

  Logins(Loop& loop, std::uint32_t max_failures);
  ~Logins();

  /// From now on these are the users. Whoever is logged in is not asked again.
  void set_users(std::shared_ptr<const Users> users);
  const std::shared_ptr<const Users>& users() const noexcept { return users_; }
  /// For one connection. `peer`: its address, with or without a port.
  std::shared_ptr<amqp::Authenticator> authenticator(const std::string& peer);
  const LoginCounters& counters() const noexcept { return counters_; }
  /// How many addresses are remembered.
  std::size_t peers() const noexcept { return failures_.peers(); }

 private:
  class OfPeer;
  void check(const std::string& user, std::string password, UniqueFunction<void(amqp::Authenticator::Verdict)> done);

  Loop& loop_;
  asio::thread_pool thread_{1};
  std::shared_ptr<const Users> users_ = std::make_shared<Users>();
  const std::string key_;                                     // of what is remembered; this process's own
  std::unordered_map<std::string, amqp::Digest> remembered_;  // right passwords, hashed with key_
  Failures failures_;
  std::size_t waiting_ = 0;
  std::uint64_t generation_ = 0;  // of users_
  LoginCounters counters_;
};

}  // namespace bascule::broker
