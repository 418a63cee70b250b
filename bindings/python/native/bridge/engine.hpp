// Engine: the C++ side of a Python process: one thread, one loop, one connection, and what is served on it.
//
// No Python here: this file's code runs without the GIL. What must reach Python goes through the mailbox, what comes from
// there through `outbound`. Calls and events that Python handles become Jobs.
// Thread safety: construction before begin(); serve() and on_event() before start(), which hands them over; stop() on a thread that is not the loop's; everything
// else as its comment says.
#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "bascule/daemon/admin_server.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/service/runner.hpp"
#include "native/bridge/link_cache.hpp"
#include "native/bridge/mailbox.hpp"

namespace bascule::python {

struct Handler;  // the Python side of one method or event (handler.hpp)
class Engine;

/// How Python's handling of a job ended.
struct Outcome {
  enum class Kind {
    answer,    ///< text: a whole Thrift message; for an event empty
    declared,  ///< text: a whole Thrift message that holds a declared exception
    failure,   ///< a platform failure: code, and text for the caller
    crash,     ///< the handler failed in a way its contract does not declare; text is for the log
  } kind = Kind::answer;
  std::string text;
  Errc code = Errc::ok;
};

/// One call or event that Python handles. Made and finished on the loop; what is above the line is constant in between.
struct Job {
  Handler* handler = nullptr;
  rpc::Encoding encoding = rpc::Encoding::compact;
  std::string_view message;  ///< valid until it is finished
  rpc::CallOptions options;
  // ---- on the loop's thread only
  service::Context* context = nullptr;  ///< null once finished
  std::deque<Letter> operations;        ///< database operations: the first one is under way, one at a time
  std::unique_ptr<Outcome> outcome;     ///< finishing waits for the operations
  UniqueFunction<void(std::exception_ptr, Outcome)> done;

  void finish(Outcome how);
  /// Begins `operation` once those before it have ended; it must see to it that leave() is called at its own end.
  void enter(Letter operation);
  void leave();
};

class Engine {
 public:
  struct Options {
    service::Runner::Options runner;
    std::vector<std::pair<std::string, std::string>> migrations;  ///< name, SQL; in order
    std::string admin;                                            ///< "host:port" of the admin listener; empty: none
    std::optional<int> spin_us;                                   ///< up to max_spin_us; none: as the daemons do
  };
  using Deliver = std::function<void(std::shared_ptr<Job>)>;  ///< the loop's thread; must not block

  explicit Engine(Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  struct Method {
    std::string name;
    bool oneway, idempotent;
    std::chrono::milliseconds timeout;
    Handler* handler;
  };
  struct Service {
    std::string name, address, descriptor, digest;
    std::vector<Method> methods;
  };
  void serve(Service service, Deliver deliver);
  void on_event(std::string topic, std::string type, Handler* handler, Deliver deliver);

  /// Starts the thread; with `serving` false it only connects.
  void begin();
  /// Any thread, once: `done` runs on the loop's thread with null, or with why it cannot serve.
  void start(UniqueFunction<void(std::exception_ptr)> done);
  void connect();
  /// Any thread, once: `drained` runs on the loop's thread.
  void drain(UniqueFunction<void()> drained);
  /// Ends the thread. Blocks; never with the GIL held.
  void stop();

  /// On the loop's thread, as rpc::Client::start. Until the first connection stands, or could not be made for some seconds,
  /// calls wait here (until their deadline), so that a client can be used as soon as it was opened.
  void call(rpc::OutgoingCall call, rpc::Client::Done done, std::shared_ptr<rpc::Client::CallId> id);

  /// On the loop's thread: the caller waits no more. What was not sent yet is not sent; what was runs to its end or its
  /// deadline, and its reply is dropped. `done` runs, with Errc::cancelled.
  void withdraw(const std::shared_ptr<rpc::Client::CallId>& id);

  /// On the loop's thread: sends one settled message, on a link that is kept for the address. Bound: 64 links; when all of
  /// them have messages queued, or the link's own queue is full, the message is dropped, counted and logged.
  void send(const LinkCache<amqp::Sender>::Key& to, std::string_view encoded);

  /// Any thread but the loop's: makes a call and blocks until it ended. Never with the GIL held.
  rpc::Reply call_and_wait(std::unique_ptr<rpc::OutgoingCall> outgoing);

  /// What start() opened: the admin listener's address. After start() is done.
  std::string admin_address() const;
  bool connected() const noexcept { return connected_.load(std::memory_order_relaxed); }

  Loop& loop() noexcept { return loop_; }
  rpc::Client& client() noexcept { return runner_->client(); }
  amqp::Client& connection() noexcept { return runner_->connection(); }
  telemetry::Registry& metrics() noexcept { return metrics_; }
  Mailbox& mailbox() noexcept { return mailbox_; }
  const std::shared_ptr<Outbound>& outbound() const noexcept { return outbound_; }

 private:
  Loop loop_;
  telemetry::Registry metrics_;
  Mailbox mailbox_;
  std::shared_ptr<Outbound> outbound_;
  Options options_;
  std::vector<pg::Migration> migrations_;
  std::unique_ptr<service::Runner> runner_;
  std::unique_ptr<AdminServer> admin_;
  std::atomic<bool> connected_{false}, ready_{false};
  std::thread thread_;
  bool draining_ = false, stopped_ = false;
  // On the loop's thread only: calls made before the first connection.
  struct Early {
    rpc::OutgoingCall call;
    rpc::Client::Done done;
    std::shared_ptr<rpc::Client::CallId> id;
  };
  void connection_changed(bool up);
  void start_early();
  void watch_early();
  std::vector<Early> early_;
  std::unique_ptr<asio::steady_timer> early_timer_;
  LinkCache<amqp::Sender> senders_;
  bool settled_ = false;  ///< connected once, or waited long enough
  Clock::time_point settle_at_{};
};

/// The broker's answer to "what is your descriptor" and the like never reaches Python; a job does.
asio::awaitable<Outcome> hand_over(std::shared_ptr<Job> job, const Engine::Deliver& deliver);

}  // namespace bascule::python
