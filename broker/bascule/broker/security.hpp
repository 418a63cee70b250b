// Security: the files that say who may come in and what they may do, kept up to date while the broker runs.
//
// What: loads broker.users, broker.access and broker.admin_token_file, looks every reload_interval whether they or the certificates changed, and
// takes the new ones; a file that is broken is told in the log and the old one stays in force.
// Errors: the constructor throws what is wrong with a file. Thread safety: the broker's loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bascule/broker/access.hpp"
#include "bascule/broker/logins.hpp"
#include "bascule/broker/options.hpp"

namespace bascule::broker {

struct SecurityCounters {
  std::uint64_t reloads = 0, reloads_failed = 0, denied = 0, claims_refused = 0, cut = 0;
};

class Security {
 public:
  Security(Loop& loop, const BrokerOptions& options);

  /// Null: there are no users.
  const std::shared_ptr<Logins>& logins() const noexcept { return logins_; }
  /// What somebody may do; null: everybody may do everything, and nobody has logged in who could be impersonated.
  std::unique_ptr<Permissions> permissions(const amqp::Identity& identity) const;
  /// The grants as they are now; null: everything.
  std::shared_ptr<const Grants> grants(const amqp::Identity& identity) const;
  /// The HTTP management API's token; empty: there is none.
  const std::string& admin_token() const noexcept { return admin_token_; }
  /// How often addresses may come with a wrong one.
  Failures& token_failures() noexcept { return token_failures_; }
  /// False for a user who logged in with a password and has since been removed, or got another.
  bool still_welcome(const amqp::Identity& identity) const;

  /// Reads every file anew (SIGHUP). Each that is broken is told and left as it was. True: something changed.
  bool reload(const std::function<void()>& reload_certificates);
  /// The same, if a file looks different from the last time.
  bool reload_if_changed(const std::function<void()>& reload_certificates);

  SecurityCounters counters;

 private:
  struct Look {
    std::int64_t seconds = 0, nanoseconds = 0, size = -1;
    std::uint64_t inode = 0;
    std::uint32_t mode = 0;  ///< who may read it is as much as what it says
    friend bool operator==(const Look&, const Look&) = default;
  };
  static Look look(const std::string& path);
  void remember();
  bool attempt(const char* what, const std::string& file, const std::function<void()>& work);

  const BrokerOptions& options_;
  std::shared_ptr<Logins> logins_;
  std::shared_ptr<const Access> access_;
  std::string admin_token_;
  Failures token_failures_;
  std::map<std::string, Look> seen_;
};

}  // namespace bascule::broker
