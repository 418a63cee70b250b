// Broker: the embedded AMQP 1.0 broker on one loop.
//
//   Loop loop;
//   broker::Broker broker(loop, {.listen = "127.0.0.1:0"});
//   broker.start();                       // throws when it cannot listen
//   ... "amqp://" + broker.address() ...
//   loop.run();
//   broker.drain([&] { loop.stop(); });   // on the loop: tells the clients, then calls back
//
// Errors: start() throws boost::system::system_error with the address. Thread safety: the loop's thread;
// construct and start before the loop runs, or post. Lifetime: the loop must outlive the broker.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bascule/broker/listeners.hpp"
#include "bascule/broker/operations.hpp"
#include "bascule/broker/options.hpp"
#include "bascule/broker/shared.hpp"
#include "bascule/broker/storage.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::broker {

class Broker {
 public:
  /// `storage` null: in memory. open_journal() (journal_thread.hpp) gives the durable one.
  Broker(Loop& loop, const BrokerOptions& options, std::unique_ptr<Storage> storage = nullptr);
  /// Cuts what is left.
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void start();
  /// "127.0.0.1:41233": where it listens (first), with the port that the kernel chose.
  std::string address() const;
  /// Every listener: "amqp://...", "amqps://...", "ws://...", "wss://...".
  std::vector<std::string> urls() const;
  /// Reads users, access rules and certificates anew, now (SIGHUP); broken files are told in the log and change nothing.
  void reload();
  /// Stops listening, closes every connection with amqp:connection:forced, and calls `done` when all are
  /// gone.
  void drain(std::function<void()> done);
  /// Cuts every connection and stops listening, at once.
  void stop();

  std::size_t connections() const noexcept;
  const Shared& shared() const noexcept;
  const Listeners& listeners() const noexcept;
  Router& router() noexcept;
  /// What an administrator does; on the loop.
  Operations& operations() noexcept;
  const Operations& operations() const noexcept;
  Security& security() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bascule::broker
