#include "bascule/broker/logins.hpp"

#include "bascule/telemetry/log.hpp"

namespace bascule::broker {

using amqp::Authenticator;

class Logins::OfPeer final : public Authenticator {
 public:
  OfPeer(std::shared_ptr<Logins> logins, std::string peer)
      : logins_(std::move(logins)), peer_(std::move(peer)), host_(peer_.substr(0, peer_.rfind(':'))) {}

  bool admits() override {
    const bool may = logins_->failures_.admits(host_, Clock::now());
    if (!may) ++logins_->counters_.throttled;
    return may;
  }
  Keys keys_of(std::string_view user) override { return logins_->users_->keys_of(user); }
  void check(const std::string& user, std::string password, UniqueFunction<void(Verdict)> done) override {
    logins_->check(user, std::move(password), std::move(done));
  }
  void tried(std::string_view user, amqp::Mechanism mechanism, bool succeeded) override {
    const auto name = user.substr(0, 128);
    if (succeeded) {
      ++logins_->counters_.succeeded;
      telemetry::debug("login", {{"peer", peer_}, {"user", name}, {"mechanism", to_string(mechanism)}});
      return;
    }
    ++logins_->counters_.failed;
    logins_->failures_.failed(host_, Clock::now());
    telemetry::warn("login refused", {{"peer", peer_}, {"user", name}, {"mechanism", to_string(mechanism)}});
  }

 private:
  const std::shared_ptr<Logins> logins_;
  const std::string peer_, host_;
};

Logins::Logins(Loop& loop, std::uint32_t max_failures)
    : loop_(loop), key_(amqp::random_bytes(32)), failures_(max_failures) {}

Logins::~Logins() {
  thread_.stop();
  thread_.join();
}

void Logins::set_users(std::shared_ptr<const Users> users) {
  users_ = std::move(users);
  remembered_.clear();
  ++generation_;
}

std::shared_ptr<Authenticator> Logins::authenticator(const std::string& peer) {
  return std::make_shared<OfPeer>(shared_from_this(), peer);
}

void Logins::check(const std::string& user, std::string password, UniqueFunction<void(Authenticator::Verdict)> done) {
  using Verdict = Authenticator::Verdict;
  auto keys = users_->keys_of(user);
  const auto hash = amqp::hmac_sha256(key_, std::string(amqp::bytes_of(keys.keys.stored_key)) + password);
  const auto before = remembered_.find(user);
  if (before != remembered_.end() && keys.known &&
      amqp::same_secret(amqp::bytes_of(before->second), amqp::bytes_of(hash))) {
    amqp::wipe(password);
    return done(Verdict::right);
  }
  if (waiting_ >= max_waiting) {
    ++counters_.busy;
    amqp::wipe(password);
    return done(Verdict::busy);
  }
  ++waiting_;
  // The thread touches nothing of ours: it gets copies and posts back.
  asio::post(thread_, [&loop = loop_, weak = weak_from_this(), generation = generation_, user, hash,
                       keys = std::move(keys), password = std::move(password), done = std::move(done)]() mutable {
    const bool right = keys.keys.match(password) && keys.known;
    amqp::wipe(password);
    loop.post(
        [weak = std::move(weak), generation, user = std::move(user), hash, right, done = std::move(done)]() mutable {
          if (const auto self = weak.lock()) {
            --self->waiting_;
            if (right && generation == self->generation_) self->remembered_[user] = hash;
          }
          done(right ? Verdict::right : Verdict::wrong);
        });
  });
}

}  // namespace bascule::broker
