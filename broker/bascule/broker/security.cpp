#include "bascule/broker/security.hpp"

#include <sys/stat.h>

#include "bascule/broker/admin_token.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::broker {

Security::Security(Loop& loop, const BrokerOptions& options)
    : options_(options), token_failures_(options.max_failed_logins) {
  if (!options.users.empty()) {
    logins_ = std::make_shared<Logins>(loop, options.max_failed_logins);
    logins_->set_users(std::make_shared<Users>(Users::load(options.users)));
  }
  if (!options.access.empty()) access_ = std::make_shared<Access>(Access::load(options.access));
  if (!options.admin_token_file.empty()) admin_token_ = load_admin_token(options.admin_token_file);
  remember();
}

std::shared_ptr<const Grants> Security::grants(const amqp::Identity& identity) const {
  if (!access_) return nullptr;
  static const std::vector<std::string> none;
  const Users::User* user = logins_ && !identity.anonymous() ? logins_->users()->find(identity.user) : nullptr;
  return std::make_shared<Grants>(access_->of(identity, user != nullptr ? user->roles : none));
}

std::unique_ptr<Permissions> Security::permissions(const amqp::Identity& identity) const {
  if (!access_ && !logins_ && options_.tls.client_ca.empty()) return nullptr;
  return std::make_unique<Permissions>(identity, grants(identity));
}

bool Security::still_welcome(const amqp::Identity& identity) const {
  using enum amqp::Mechanism;
  if (identity.mechanism != plain && identity.mechanism != scram_sha_256) return true;
  const Users::User* user = logins_ ? logins_->users()->find(identity.user) : nullptr;
  return user != nullptr && user->keys && amqp::credential_of(*user->keys) == identity.credential;
}

bool Security::attempt(const char* what, const std::string& file, const std::function<void()>& work) {
  if (file.empty()) return false;
  try {
    work();
    ++counters.reloads;
    telemetry::info("read anew", {{"what", what}, {"file", file}});
    return true;
  } catch (const std::exception& error) {
    ++counters.reloads_failed;
    telemetry::error("cannot be read anew; the old one stays in force",
                     {{"what", what}, {"file", file}, {"reason", error.what()}});
    return false;
  }
}

bool Security::reload(const std::function<void()>& reload_certificates) {
  remember();
  bool changed = attempt("users", options_.users,
                         [&] { logins_->set_users(std::make_shared<Users>(Users::load(options_.users))); });
  changed |=
      attempt("access", options_.access, [&] { access_ = std::make_shared<Access>(Access::load(options_.access)); });
  attempt("admin token", options_.admin_token_file,
          [&] { admin_token_ = load_admin_token(options_.admin_token_file); });
  attempt("certificates", options_.tls.certificate, reload_certificates);
  return changed;
}

bool Security::reload_if_changed(const std::function<void()>& reload_certificates) {
  for (const auto& [path, last] : seen_) {
    if (look(path) != last) return reload(reload_certificates);
  }
  return false;
}

Security::Look Security::look(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size, info.st_ino, info.st_mode};
}

void Security::remember() {
  seen_.clear();
  for (const auto& path : {options_.users, options_.access, options_.admin_token_file, options_.tls.certificate,
                           options_.tls.key, options_.tls.client_ca, options_.tls.client_crl}) {
    if (!path.empty()) seen_[path] = look(path);
  }
}

}  // namespace bascule::broker
