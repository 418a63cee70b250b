// SaslLayer: what is said on a connection before AMQP begins (specification part 5.3): who the peer is.
//
// A pure state machine in front of the engine: bytes in, bytes out. The engine never sees a SASL byte (Proton 0.37
// dispatches AMQP performatives in SASL frames before authentication, CVE-2026-114230), and once the exchange is over
// this layer is gone. It keeps at most one incomplete frame, of 1 KiB.
// Thread safety: the connection's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bascule/amqp/reader.hpp"
#include "bascule/amqp/writer.hpp"

namespace bascule::amqp {

enum class Mechanism : std::uint8_t { external, scram_sha_256, plain, anonymous };
std::string_view to_string(Mechanism mechanism) noexcept;

/// Who is at the other end.
struct Identity {
  std::string user = "anonymous";
  Mechanism mechanism = Mechanism::anonymous;
  /// PLAIN and SCRAM: SHA-256 of the stored key that the password was checked against; it changes with the password.
  std::string credential{};
  bool anonymous() const noexcept { return mechanism == Mechanism::anonymous; }
};

/// Part 5, section 5.3.3.6: the code of an outcome.
enum class SaslCode : std::uint8_t { ok, auth, sys, sys_perm, sys_temp };

class SaslLayer {
 public:
  enum class State : std::uint8_t {
    talking,  // wants bytes, or has some to write
    waiting,  // somebody is checking a password: takes no bytes until then
    done,     // the peer is who it says; what follows is AMQP
    failed,   // error() says why; what is left in output() should still be written
  };
  virtual ~SaslLayer() = default;

  /// Takes what is its own off the front of `bytes` and returns how many that were. 0 unless talking.
  std::size_t feed(std::string_view bytes);
  State state() const noexcept { return state_; }
  /// Once done: bytes taken that are AMQP's all the same (the header of a peer that skipped the login).
  std::string take_leftover() noexcept { return std::exchange(input_, {}); }
  /// What is to be written next.
  std::string_view output() const noexcept { return std::string_view(output_).substr(written_); }
  void written(std::size_t size) noexcept { written_ += size; }
  /// A sentence without secrets; valid once failed.
  const std::string& error() const noexcept { return error_; }
  /// Called when the state changes outside feed().
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 protected:
  /// The peer's protocol header: SASL's, or AMQP's because it skips the login (then: done() or fail()).
  virtual void on_header(bool sasl) = 0;
  /// A frame's performative: 0x40 to 0x44, and its fields.
  virtual void on_frame(std::uint8_t code, Reader fields, std::uint32_t count) = 0;

  void send_header();
  template <class Fields>
  void send(std::uint8_t code, std::uint32_t count, Fields&& fields);
  void done() noexcept { state_ = State::done; }
  void fail(std::string why);
  void wait() noexcept { state_ = State::waiting; }
  void go_on() noexcept { state_ = State::talking; }
  void changed() {
    if (changed_) changed_();
  }

 private:
  std::size_t wanted() const noexcept;
  void take_whole();
  void add_frame(std::string_view body);

  State state_ = State::talking;
  bool greeted_ = false;
  std::string input_, output_, error_;
  std::size_t written_ = 0;
  std::function<void()> changed_;
};

template <class Fields>
void SaslLayer::send(std::uint8_t code, std::uint32_t count, Fields&& fields) {
  std::string body;
  Writer writer(body);
  writer.descriptor(code);
  const auto mark = writer.begin_list();
  fields(writer);
  writer.end(mark, count);
  add_frame(body);
}

namespace sasl {
enum : std::uint8_t { mechanisms = 0x40, init, challenge, response, outcome };
}

}  // namespace bascule::amqp
