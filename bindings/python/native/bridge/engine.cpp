#include "native/bridge/engine.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>

#include "bascule/config/cores.hpp"
#include "bascule/daemon/idling.hpp"

namespace bascule::python {

namespace {

/// How long a first connection may take before calls are told that there is none.
constexpr std::chrono::seconds first_connection{5};
/// Links kept for plain messages.
constexpr std::size_t max_senders = 64;

/// What a finished job means to the dispatcher.
service::Answer answer_of(Outcome outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::answer: return {std::move(outcome.text), false};
    case Outcome::Kind::declared: return {std::move(outcome.text), true};
    case Outcome::Kind::failure: throw Error(outcome.code, outcome.text);
    case Outcome::Kind::crash: break;
  }
  throw std::runtime_error(outcome.text);
}

class PythonService final : public service::Service {
 public:
  PythonService(Engine::Service description, Engine::Deliver deliver)
      : description_(std::move(description)), deliver_(std::move(deliver)) {
    for (const auto& each : description_.methods) {
      methods_.push_back({each.name, each.oneway, each.idempotent, each.timeout});
    }
    info_ = {description_.name, description_.address, description_.descriptor, description_.digest, methods_};
  }
  const service::ServiceInfo& info() const noexcept override { return info_; }
  asio::awaitable<service::Answer> dispatch(service::Context& context, std::size_t method, rpc::Encoding encoding,
                                            std::string_view message) override {
    auto job = std::make_shared<Job>();
    job->handler = description_.methods[method].handler;
    job->encoding = encoding;
    job->message = message;
    job->options = context.call_options();
    job->options.trace = context.trace();
    job->options.idempotency_key = context.idempotency_key();
    job->context = &context;
    co_return answer_of(co_await hand_over(std::move(job), deliver_));
  }

 private:
  Engine::Service description_;
  Engine::Deliver deliver_;
  std::vector<service::MethodInfo> methods_;
  service::ServiceInfo info_;
};

asio::awaitable<void> handle_event(service::Context& context, std::string_view message, Handler* handler,
                                   const Engine::Deliver& deliver) {
  auto job = std::make_shared<Job>();
  job->handler = handler;
  job->message = message;
  job->options = context.call_options();
  job->options.trace = context.trace();
  job->context = &context;
  answer_of(co_await hand_over(std::move(job), deliver));
}

}  // namespace

void Job::finish(Outcome how) {
  if (context == nullptr) return;
  if (!operations.empty()) {
    outcome = std::make_unique<Outcome>(std::move(how));
    return;
  }
  context = nullptr;
  auto resume = std::move(done);
  resume(nullptr, std::move(how));
}

void Job::enter(Letter operation) {
  operations.push_back(std::move(operation));
  if (operations.size() == 1) operations.front()();
}

void Job::leave() {
  operations.pop_front();
  if (!operations.empty()) return operations.front()();
  if (outcome) finish(std::move(*std::exchange(outcome, nullptr)));
}

asio::awaitable<Outcome> hand_over(std::shared_ptr<Job> job, const Engine::Deliver& deliver) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, Outcome)>(
      [&deliver](auto handler, std::shared_ptr<Job> given) {
        given->done = std::move(handler);
        deliver(std::move(given));
      },
      asio::use_awaitable, std::move(job));
}

Engine::Engine(Options options)
    : outbound_(std::make_shared<Outbound>(loop_)),
      options_(std::move(options)),
      senders_(max_senders, [this](const auto& key) {
        amqp::SenderOptions sender;
        sender.address = key.first;
        sender.capabilities = key.second;
        return connection().open_sender(std::move(sender));
      }) {
  const int spin_us = options_.spin_us ? *options_.spin_us : default_spin_us(config::available_cores());
  loop_.spin(std::chrono::microseconds(spin_us));
  register_idling(metrics_);
  for (const auto& [name, sql] : options_.migrations) migrations_.push_back({name, sql});
  options_.runner.migrations = migrations_;
  runner_ = std::make_unique<service::Runner>(loop_, metrics_, options_.runner);
  runner_->connection().on_state([this](bool up, const std::string&) { connection_changed(up); });
}

void Engine::connection_changed(bool up) {
  connected_.store(up, std::memory_order_relaxed);
  if (!up || settled_) return;
  settled_ = true;
  start_early();
}

void Engine::call(rpc::OutgoingCall call, rpc::Client::Done done, std::shared_ptr<rpc::Client::CallId> id) {
  if (settled_) {
    *id = client().start(std::move(call), std::move(done));
    return;
  }
  early_.push_back({std::move(call), std::move(done), std::move(id)});
  watch_early();
}

void Engine::withdraw(const std::shared_ptr<rpc::Client::CallId>& id) {
  if (*id != 0) return client().cancel(*id);
  const auto early = std::ranges::find(early_, id, &Early::id);
  if (early == early_.end()) return;
  auto done = std::move(early->done);
  early_.erase(early);
  rpc::Reply reply;
  reply.error = Errc::cancelled;
  reply.message = "the caller cancelled";
  done(std::move(reply));
}

void Engine::send(const LinkCache<amqp::Sender>::Key& to, std::string_view encoded) {
  amqp::Sender* const sender = senders_.at(to);
  if (sender != nullptr && sender->send(encoded)) return;
  metrics_.counter("bascule_python_messages_dropped_total", "Plain messages dropped: too many links, or a full queue.")
      .one()
      .add(1);
}

rpc::Reply Engine::call_and_wait(std::unique_ptr<rpc::OutgoingCall> outgoing) {
  struct Waiting {
    std::mutex mutex;
    std::condition_variable arrived;
    bool done = false;
    rpc::Reply reply;
  };
  const auto waiting = std::make_shared<Waiting>();
  outbound_->push([this, waiting, given = std::move(outgoing)] {
    auto done = [waiting](rpc::Reply&& reply) {
      const std::lock_guard lock(waiting->mutex);
      waiting->reply = std::move(reply);
      waiting->done = true;
      waiting->arrived.notify_one();
    };
    call(std::move(*given), std::move(done), std::make_shared<rpc::Client::CallId>(0));
  });
  std::unique_lock lock(waiting->mutex);
  waiting->arrived.wait(lock, [&] { return waiting->done; });
  return std::move(waiting->reply);
}

void Engine::start_early() {
  // The client itself says what is wrong with a call that cannot be sent.
  for (auto& each : std::exchange(early_, {})) *each.id = client().start(std::move(each.call), std::move(each.done));
}

void Engine::watch_early() {
  if (early_timer_ == nullptr) {
    early_timer_ = std::make_unique<asio::steady_timer>(loop_.context());
    settle_at_ = Clock::now() + first_connection;
  }
  auto at = settle_at_;
  for (const auto& each : early_) at = std::min(at, each.call.options.deadline.at());
  early_timer_->expires_at(at);
  early_timer_->async_wait([this](const boost::system::error_code& error) {
    if (error || settled_) return;
    settled_ = Clock::now() >= settle_at_;
    start_early();
  });
}

Engine::~Engine() { stop(); }

void Engine::serve(Service service, Deliver deliver) {
  runner_->serve(std::make_unique<PythonService>(std::move(service), std::move(deliver)));
}

void Engine::on_event(std::string topic, std::string type, Handler* handler, Deliver deliver) {
  runner_->on_event(std::move(topic), std::move(type),
                    [handler, deliver](service::Context& context, std::string_view message) -> asio::awaitable<void> {
                      return handle_event(context, message, handler, deliver);
                    });
}

void Engine::begin() {
  // Signals are for Python's main thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { loop_.run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Engine::start(UniqueFunction<void(std::exception_ptr)> done) {
  outbound_->push([this, done = std::make_shared<UniqueFunction<void(std::exception_ptr)>>(std::move(done))] {
    if (!options_.admin.empty()) {
      try {
        admin_ = std::make_unique<AdminServer>(loop_, options_.admin, metrics_, [this]() -> std::string {
          return ready_ ? runner_->not_ready() : "starting";
        });
      } catch (...) {
        return (*done)(std::current_exception());
      }
    }
    asio::co_spawn(loop_.context(), runner_->start(), [this, done](std::exception_ptr error) {
      ready_ = !error;
      (*done)(error);
    });
  });
}

void Engine::connect() {
  outbound_->push([this] { runner_->connection().start(); });
}

void Engine::drain(UniqueFunction<void()> drained) {
  outbound_->push([this, drained = std::make_shared<UniqueFunction<void()>>(std::move(drained))] {
    ready_ = false;
    draining_ = true;
    runner_->drain([drained] { (*drained)(); });
  });
}

std::string Engine::admin_address() const { return admin_ ? admin_->address() : std::string(); }

void Engine::stop() {
  if (std::exchange(stopped_, true)) return;
  if (!thread_.joinable()) return outbound_->close();
  // In order: CLOSE to the broker, then the end; a broker that does not answer is not waited for.
  loop_.post([this] {
    if (draining_) return loop_.stop();
    auto timer = std::make_shared<asio::steady_timer>(loop_.context(), std::chrono::milliseconds(500));
    timer->async_wait([this, timer](const boost::system::error_code&) { loop_.stop(); });
    runner_->connection().close([timer] { timer->cancel(); });
  });
  thread_.join();
  outbound_->run();
  outbound_->close();
  start_early();
  // Calls that are still open end as cancelled, in the mailbox.
  runner_.reset();
}

}  // namespace bascule::python
