#include "bascule/amqp/engine.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/transport.h>

#include <algorithm>
#include <new>
#include <utility>

namespace bascule::amqp {
namespace {
// No gain above (measured), and the buffer would otherwise grow as long as anything is pending.
constexpr std::size_t write_batch = 32 * 1024;
// What is read at a time before the peer has logged in.
constexpr std::size_t login_batch = 2 * 1024;
}  // namespace

Engine::Engine(const EngineOptions& options) : guard_(options.limits), sasl_(options.sasl) {
  if (pn_connection_driver_init(&driver_, nullptr, nullptr) != 0) throw std::bad_alloc();
  auto* const transport = driver_.transport;
  if (options.server) pn_transport_set_server(transport);
  pn_transport_set_max_frame(transport, options.limits.max_frame);
  pn_transport_set_channel_max(transport, options.limits.channel_max);
  // Proton advertises half of what it is given, and gives up on a peer after the whole.
  pn_transport_set_idle_timeout(transport, static_cast<pn_millis_t>(options.idle_timeout.count()));
  auto* const connection = driver_.connection;
  pn_connection_set_container(connection, options.container_id.c_str());
  if (!options.hostname.empty()) pn_connection_set_hostname(connection, options.hostname.c_str());
  pn_connection_driver_bind(&driver_);
}

Engine::~Engine() { pn_connection_driver_destroy(&driver_); }

std::span<char> Engine::read_buffer() noexcept {
  if (refused_) return {};
  const auto buffer = pn_connection_driver_read_buffer(&driver_);
  // The engine's own buffer serves the login too: nothing of it is given to the engine.
  if (sasl_)
    return {buffer.start, sasl_->state() == SaslLayer::State::talking ? std::min(buffer.size, login_batch) : 0};
  return {buffer.start, buffer.size};
}

void Engine::read_done(std::size_t size) {
  const auto buffer = pn_connection_driver_read_buffer(&driver_);
  if (sasl_) {
    // A copy: the login's bytes are not the engine's, those behind it go to the same buffer.
    std::string bytes(buffer.start, size);
    std::fill_n(buffer.start, size, '\0');
    negotiate(bytes);
    return;
  }
  if (!refuse(guard_.check({buffer.start, size}))) pn_connection_driver_read_done(&driver_, size);
}

bool Engine::push(std::string_view bytes) {
  if (refused_) return false;
  if (sasl_) return negotiate(bytes);
  return !refuse(guard_.check(bytes)) && give(bytes);
}

bool Engine::give(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto taken = pn_transport_push(driver_.transport, bytes.data(), bytes.size());
    if (taken <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
  return true;
}

// The guard sees every byte, the login's too; the engine only what is behind the login.
bool Engine::negotiate(std::string_view bytes) {
  const auto taken = held_.empty() ? sasl_->feed(bytes) : 0;
  held_.append(bytes.substr(taken));
  if (sasl_->state() != SaslLayer::State::failed && refuse(guard_.check(bytes))) return false;
  return after_negotiating();
}

bool Engine::after_negotiating() {
  const auto state = sasl_->state();
  if (state == SaslLayer::State::failed) return !refuse({"amqp:unauthorized-access", sasl_->error()});
  if (state != SaslLayer::State::done) return state == SaslLayer::State::talking;
  const auto skipped = sasl_->take_leftover();
  return give(skipped) && give(std::exchange(held_, {}));
}

void Engine::read_close() noexcept { pn_connection_driver_read_close(&driver_); }

bool Engine::refuse(const GuardError& error) noexcept {
  if (!error) return false;
  refused_ = true;
  fail(error.condition, error.description);
  return true;
}

void Engine::fail(const char* condition, std::string_view description) noexcept {
  pn_connection_driver_errorf(&driver_, condition, "%.*s", static_cast<int>(description.size()), description.data());
  // Closing the tail makes the engine send CLOSE, but not while half a frame waits in its input: say it ourselves too.
  auto* const connection = driver_.connection;
  if ((pn_connection_state(connection) & PN_LOCAL_ACTIVE) != 0) {
    pn_condition_copy(pn_connection_condition(connection), pn_transport_condition(driver_.transport));
    pn_connection_close(connection);
  }
  pn_connection_driver_read_close(&driver_);
}

std::string_view Engine::write_buffer() noexcept {
  if (sasl_) {
    if (!refused_) after_negotiating();  // a password that was being checked may have its verdict
    const auto login = sasl_->output();
    if (!login.empty() || sasl_->state() != SaslLayer::State::done) return login;
    sasl_.reset();
  }
  if (!answers_.empty()) return answers_;
  // The engine fills its output only as far as its buffer goes, and enlarges it when asked again while it is full.
  auto buffer = pn_connection_driver_write_buffer(&driver_);
  for (std::size_t previous = 0; buffer.size > previous && buffer.size < write_batch;) {
    previous = buffer.size;
    buffer = pn_connection_driver_write_buffer(&driver_);
  }
  // Between the engine's frames, and behind all that it has to say.
  if (buffer.size == 0 && guard_.flows().pending()) return answers_ = guard_.flows().take();
  return {buffer.start, buffer.size};
}

void Engine::write_done(std::size_t size) {
  if (sasl_) return sasl_->written(size);
  if (!answers_.empty()) {
    answers_.erase(0, size);
    return;
  }
  guard_.flows().written({pn_connection_driver_write_buffer(&driver_).start, size});
  pn_connection_driver_write_done(&driver_, size);
}

Deadline Engine::tick(Clock::time_point now) noexcept {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const auto next = pn_transport_tick(driver_.transport, duration_cast<milliseconds>(now.time_since_epoch()).count());
  return next == 0 ? Deadline::never() : Deadline(Clock::time_point(milliseconds(next)));
}

}  // namespace bascule::amqp
