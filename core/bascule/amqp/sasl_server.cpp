#include "bascule/amqp/sasl_server.hpp"

#include <algorithm>
#include <optional>

#include "bascule/amqp/saslprep.hpp"

namespace bascule::amqp {
namespace {

std::optional<Mechanism> mechanism_of(std::string_view name) noexcept {
  for (const auto m : {Mechanism::external, Mechanism::scram_sha_256, Mechanism::plain, Mechanism::anonymous}) {
    if (to_string(m) == name) return m;
  }
  return std::nullopt;
}

}  // namespace

std::string credential_of(const ScramKeys& keys) {
  const auto digest = sha256(bytes_of(keys.stored_key));
  return {digest.begin(), digest.end()};
}

SaslServer::SaslServer(SaslServerOptions options, std::shared_ptr<Authenticator> authenticator)
    : options_(std::move(options)), authenticator_(std::move(authenticator)) {}

SaslServer::~SaslServer() = default;

bool SaslServer::offers(Mechanism mechanism) const noexcept {
  return std::find(options_.mechanisms.begin(), options_.mechanisms.end(), mechanism) != options_.mechanisms.end();
}

void SaslServer::on_header(bool sasl) {
  if (!sasl) {
    if (offers(Mechanism::anonymous)) return done();
    send_header();
    return fail("the client did not log in, which is needed here");
  }
  send_header();
  std::string names;  // an array of symbols; a single one would do as a symbol, but not every client reads that
  for (const auto mechanism : options_.mechanisms) {
    const auto name = to_string(mechanism);
    names.push_back(static_cast<char>(name.size()));
    names.append(name);
  }
  send(sasl::mechanisms, 1, [&](Writer& writer) {
    const char head[] = {'\xe0', static_cast<char>(names.size() + 2), static_cast<char>(options_.mechanisms.size()),
                         '\xa3'};
    writer.raw(std::string_view(head, sizeof head));
    writer.raw(names);
  });
}

void SaslServer::on_frame(std::uint8_t code, Reader fields, std::uint32_t count) {
  if (code == sasl::init && step_ == Step::init) return on_init(fields, count);
  if (code == sasl::response && step_ != Step::init) {
    return on_response(count > 0 ? fields.bytes().value_or("") : std::string_view());
  }
  refuse(SaslCode::auth, "a SASL frame that is not expected now");
}

void SaslServer::on_init(Reader& fields, std::uint32_t count) {
  const auto mechanism = mechanism_of(count > 0 ? fields.text().value_or("") : std::string_view());
  const auto response = count > 1 ? fields.bytes() : std::nullopt;
  if (!mechanism || !offers(*mechanism))
    return refuse(SaslCode::auth, "the client chose a mechanism that is not offered");
  mechanism_ = *mechanism;
  step_ = Step::first;
  if (mechanism_ == Mechanism::anonymous) return succeed("anonymous");
  if (authenticator_ && !authenticator_->admits()) {
    return refuse(SaslCode::sys_temp, "too many failed logins from this address; it is heard again later");
  }
  // Without an initial response the client waits for an empty challenge (RFC 4422, section 3.4).
  if (!response && mechanism_ != Mechanism::external) return challenge({});
  on_response(response.value_or(""));
}

void SaslServer::on_response(std::string_view response) {
  switch (mechanism_) {
    case Mechanism::external: return on_external(response);
    case Mechanism::plain: return on_plain(response);
    case Mechanism::scram_sha_256:
      return step_ == Step::scram_final ? on_scram_final(response) : on_scram_first(response);
    case Mechanism::anonymous: break;
  }
  refuse(SaslCode::auth, "a response to ANONYMOUS");
}

void SaslServer::on_external(std::string_view response) {
  const bool same = response.empty() || response == options_.external_user;
  if (options_.external_user.empty())
    return refuse(SaslCode::auth, "EXTERNAL without a client certificate that names a user");
  if (!same) return refuse(SaslCode::auth, "EXTERNAL as another than the client certificate names");
  succeed(options_.external_user);
}

// RFC 4616: [authzid] NUL authcid NUL password.
void SaslServer::on_plain(std::string_view response) {
  const auto first = response.find('\0');
  const auto second = first == std::string_view::npos ? first : response.find('\0', first + 1);
  if (second == std::string_view::npos) return refuse(SaslCode::auth, "a malformed PLAIN response");
  const auto as = response.substr(0, first);
  const auto name = response.substr(first + 1, second - first - 1);
  user_ = name;  // for the log, if it goes no further
  auto user = saslprep(name, Prepared::query), password = saslprep(response.substr(second + 1), Prepared::query);
  if (!user || !password || (!as.empty() && as != name)) {
    return refuse(SaslCode::auth,
                  "PLAIN without user or password, with characters that they cannot have, or to act "
                  "as another user");
  }
  user_ = std::move(*user);
  wait();
  credential_ = credential_of(authenticator_->keys_of(user_).keys);
  authenticator_->check(user_, std::move(*password), [weak = weak_from_this()](Authenticator::Verdict verdict) {
    const auto self = weak.lock();
    if (!self) return;
    self->go_on();
    if (verdict == Authenticator::Verdict::right) {
      self->succeed(self->user_);
    } else if (verdict == Authenticator::Verdict::busy) {
      self->refuse(SaslCode::sys_temp, "too many passwords wait to be checked");
    } else {
      self->refuse(SaslCode::auth, "unknown user or wrong password");
    }
    self->changed();
  });
}

void SaslServer::on_scram_first(std::string_view response) {
  scram_ = std::make_unique<ScramServer>();
  auto user = scram_->begin(response);
  if (!user) return refuse(SaslCode::auth, "a malformed SCRAM message");
  user_ = std::move(*user);
  auto prepared = saslprep(user_, Prepared::query);
  if (!prepared) return refuse(SaslCode::auth, "a name with characters that it cannot have");
  user_ = std::move(*prepared);
  auto found = authenticator_->keys_of(user_);
  known_ = found.known;
  credential_ = credential_of(found.keys);
  step_ = Step::scram_final;
  challenge(scram_->challenge(std::move(found.keys)));
}

void SaslServer::on_scram_final(std::string_view response) {
  const auto proof = scram_->finish(response);
  if (!proof || !known_) return refuse(SaslCode::auth, "unknown user or wrong password");
  succeed(user_, *proof);
}

void SaslServer::challenge(std::string_view data) {
  send(sasl::challenge, 1, [&](Writer& writer) { writer.binary(data); });
}

void SaslServer::succeed(std::string user, std::string_view additional) {
  if (authenticator_ && mechanism_ != Mechanism::anonymous) authenticator_->tried(user, mechanism_, true);
  identity_ = {std::move(user), mechanism_, std::move(credential_)};
  send(sasl::outcome, additional.empty() ? 1 : 2, [&](Writer& writer) {
    writer.ubyte(static_cast<std::uint8_t>(SaslCode::ok));
    if (!additional.empty()) writer.binary(additional);
  });
  done();
}

void SaslServer::refuse(SaslCode code, std::string why) {
  if (authenticator_ && code == SaslCode::auth) authenticator_->tried(user_, mechanism_, false);
  send(sasl::outcome, 1, [&](Writer& writer) { writer.ubyte(static_cast<std::uint8_t>(code)); });
  fail(std::move(why));
}

}  // namespace bascule::amqp
