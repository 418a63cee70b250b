// Qpid Proton's C++ client, driven by JSON lines: tests/interop/clients/README.md.
//
// The library runs in its own thread; a command is done there, and this thread waits until what it asked for has come.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <proton/connection.hpp>
#include <proton/connection_options.hpp>
#include <proton/container.hpp>
#include <proton/delivery.hpp>
#include <proton/delivery_mode.hpp>
#include <proton/error_condition.hpp>
#include <proton/messaging_handler.hpp>
#include <proton/receiver.hpp>
#include <proton/receiver_options.hpp>
#include <proton/sender.hpp>
#include <proton/sender_options.hpp>
#include <proton/source.hpp>
#include <proton/source_options.hpp>
#include <proton/ssl.hpp>
#include <proton/symbol.hpp>
#include <proton/target.hpp>
#include <proton/target_options.hpp>
#include <proton/tracker.hpp>
#include <proton/transport.hpp>
#include <proton/types.hpp>
#include <proton/work_queue.hpp>
#include <stdexcept>
#include <thread>

#include "values.hpp"

namespace interop {
namespace {

struct Failed : std::runtime_error {
  Failed(std::string name, const std::string& description) : runtime_error(description), condition(std::move(name)) {}
  std::string condition;
};

/// An end of a connection or link, as the library told it.
struct Ended {
  bool ended = false;
  std::string condition, description;
  void note(const proton::error_condition& error) {
    ended = true;
    if (error.empty()) return;
    condition = error.name();
    description = error.description();
  }
};

struct LinkState {
  proton::sender sender;
  proton::receiver receiver;
  bool opened = false, drained = false, sends_settled = false;
  std::string address;
  Ended ended;
  int credit = 0;
  std::deque<std::pair<int, Json>> arrived;
  std::map<int, proton::delivery> unsettled;
  int deliveries = 0;
  Json outcome;  // of the last message sent; null until it came
};

/// Guards all state, and is told of each change of it.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
};

/// One connection: what the library tells of it and its links.
class ConnectionState final : public proton::messaging_handler {
 public:
  explicit ConnectionState(Shared& shared) : shared_(shared) {}

  proton::connection connection;
  proton::work_queue* work = nullptr;
  bool opened = false;
  Ended ended;
  std::vector<std::string> offered;
  std::map<std::string, LinkState> links;  // by link name

  template <class F>
  void change(F&& f) {
    {
      const std::lock_guard<std::mutex> lock(shared_.mutex);
      f();
    }
    shared_.changed.notify_all();
  }

 private:
  void on_connection_open(proton::connection& c) override {
    change([&] {
      connection = c;
      work = &c.work_queue();
      opened = true;
      for (const auto& name : c.offered_capabilities()) offered.push_back(name);
    });
  }
  void on_connection_error(proton::connection& c) override {
    change([&] { ended.note(c.error()); });
  }
  void on_connection_close(proton::connection&) override {
    change([&] { ended.ended = true; });
  }
  void on_transport_error(proton::transport& t) override {
    change([&] { ended.note(t.error()); });
  }
  void on_transport_close(proton::transport&) override {
    change([&] { ended.ended = true; });
  }
  void on_sender_open(proton::sender& s) override {
    change([&] {
      links[s.name()].opened = true;
      links[s.name()].address = s.target().address();
    });
  }
  void on_receiver_open(proton::receiver& r) override {
    change([&] {
      links[r.name()].opened = true;
      links[r.name()].address = r.source().address();
    });
  }
  void on_sender_error(proton::sender& s) override { note_end(s); }
  void on_receiver_error(proton::receiver& r) override { note_end(r); }
  void on_sender_close(proton::sender& s) override { note_end(s); }
  void on_receiver_close(proton::receiver& r) override { note_end(r); }
  void on_sender_detach(proton::sender& s) override { note_end(s); }
  void on_receiver_detach(proton::receiver& r) override { note_end(r); }
  void on_sendable(proton::sender& s) override {
    change([&] { links[s.name()].credit = s.credit(); });
  }
  void on_receiver_drain_finish(proton::receiver& r) override {
    change([&] { links[r.name()].drained = true; });
  }
  void on_error(const proton::error_condition&) override {}  // told by the more specific ones
  void on_message(proton::delivery& d, proton::message& m) override {
    change([&] {
      auto& link = links[d.receiver().name()];
      link.unsettled[++link.deliveries] = d;
      link.arrived.emplace_back(link.deliveries, from_message(m));
    });
  }
  void on_tracker_accept(proton::tracker& t) override { note_outcome(t, "accepted"); }
  void on_tracker_reject(proton::tracker& t) override { note_outcome(t, "rejected"); }
  void on_tracker_release(proton::tracker& t) override {
    note_outcome(t, t.state() == proton::transfer::MODIFIED ? "modified" : "released");
  }

  void note_outcome(proton::tracker& t, const char* outcome) {
    change([&] { links[t.sender().name()].outcome = {{"outcome", outcome}}; });
  }
  template <class L>
  void note_end(L& l) {
    change([&] { links[l.name()].ended.note(l.error()); });
  }

  Shared& shared_;
};

class Program {
 public:
  Program() {
    container_.auto_stop(false);
    thread_ = std::thread([this] { container_.run(); });
  }
  ~Program() {
    container_.stop();
    thread_.join();
  }

  Json run(const Json& c) {
    const auto op = c.at("op").get<std::string>();
    if (op == "connect") return connect(c);
    if (op == "close") return close(c);
    if (op == "sender" || op == "receiver") return attach(c, op == "sender");
    if (op == "send") return send(c);
    if (op == "credit") return credit(c);
    if (op == "receive") return receive(c);
    if (op == "settle") return settle(c);
    if (op == "detach") return detach(c);
    if (op == "ended") return ended(c);
    if (op == "idle") return idle(c);
    throw Failed("client", "no operation " + op);
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  // Waiting and asking.
  template <class Condition>
  bool until(Lock& lock, double seconds, Condition condition) {
    return shared_.changed.wait_for(lock, std::chrono::duration<double>(seconds), condition);
  }
  template <class Condition>
  void wait(Lock& lock, double seconds, const char* what, Condition condition) {
    if (!until(lock, seconds, condition)) throw Failed("client", std::string("not in time: ") + what);
  }
  static void check(const Ended& ended) {
    if (ended.ended) throw Failed(ended.condition, ended.description);
  }
  /// Runs `work` in the library's thread, under the lock, and waits until it is done.
  void ask(ConnectionState& state, const std::function<void()>& work) {
    bool done = false;
    std::string error;
    Lock lock(shared_.mutex);
    state.work->add([&] {
      state.change([&] {
        try {
          work();
        } catch (const std::exception& e) {
          error = e.what();
        }
        done = true;
      });
    });
    shared_.changed.wait(lock, [&] { return done || state.ended.ended; });
    if (!done) check(state.ended);
    if (!error.empty()) throw Failed("client", error);
  }
  ConnectionState& connection_of(const Json& c) { return *connections_.at(c.at("connection").get<std::string>()); }
  LinkState& link_of(const Json& c) {
    const auto found = handles_.find(c.at("link").get<std::string>());
    if (found == handles_.end()) throw Failed("client", "no such link");
    return connection_of(c).links.at(found->second);
  }

  // Commands.
  Json connect(const Json& c) {
    const auto name = c.at("connection").get<std::string>();
    proton::connection_options options;
    auto& state = *(connections_[name] = std::make_unique<ConnectionState>(shared_));
    options.container_id(c.at("container").get<std::string>()).handler(state);
    if (c.contains("user")) {
      options.user(c.at("user")).password(c.at("password")).sasl_allow_insecure_mechs(true);
    }
    if (c.contains("ca")) options.ssl_client_options(proton::ssl_client_options(c.at("ca").get<std::string>()));
    if (c.contains("heartbeat")) {
      options.idle_timeout(proton::duration(static_cast<std::uint64_t>(c.at("heartbeat").get<double>() * 1000)));
    }
    container_.connect(c.at("url").get<std::string>(), options);
    Lock lock(shared_.mutex);
    wait(lock, 10, "the broker's OPEN", [&] { return state.opened || state.ended.ended; });
    check(state.ended);
    return {{"offered", state.offered}};
  }

  Json close(const Json& c) {
    auto& state = connection_of(c);
    ask(state, [&] { state.connection.close(); });
    Lock lock(shared_.mutex);
    until(lock, 10, [&] { return state.ended.ended; });
    return Json::object();
  }

  static std::vector<proton::symbol> capabilities(const Json& c) {
    std::vector<proton::symbol> found;
    for (const auto& name : c.value("capabilities", Json::array())) found.emplace_back(name.get<std::string>());
    return found;
  }

  static proton::delivery_mode mode(const std::string& settle) {
    if (settle == "settled") return proton::delivery_mode::AT_MOST_ONCE;
    if (settle == "unsettled") return proton::delivery_mode::AT_LEAST_ONCE;
    return proton::delivery_mode::NONE;
  }

  static proton::sender_options sender_options(const Json& c) {
    proton::target_options target;
    target.capabilities(capabilities(c));
    if (c.value("dynamic", false)) {
      target.dynamic(true);
    } else if (c.at("address").is_null()) {
      target.anonymous(true);
    } else {
      target.address(c.at("address"));
    }
    return proton::sender_options()
        .name(c.at("name"))
        .target(target)
        .delivery_mode(mode(c.value("settle", "mixed")))
        .auto_settle(true);
  }

  static proton::receiver_options receiver_options(const Json& c) {
    if (c.value("settle", "first") == "second") throw Failed("client", "the library cannot settle second");
    proton::source_options source;
    source.capabilities(capabilities(c));
    if (c.value("dynamic", false)) {
      source.dynamic(true);
    } else if (!c.at("address").is_null()) {
      source.address(c.at("address"));
    }
    if (c.value("durable", 0) == 2) source.durability_mode(proton::source::UNSETTLED_STATE);
    if (c.value("expires", "") == "never") source.expiry_policy(proton::source::NEVER);
    if (c.value("browse", false)) source.distribution_mode(proton::source::COPY);
    if (c.contains("selector")) {
      proton::source::filter_map filters;
      filters.put("selector",
                  to_value({"described", {"ulong", std::to_string(0x0000468C00000004)}, {"string", c.at("selector")}}));
      source.filters(filters);
    }
    return proton::receiver_options()
        .name(c.at("name"))
        .source(source)
        .auto_accept(false)
        .credit_window(0)
        .delivery_mode(mode(c.value("sender_settle", "mixed")));
  }

  Json attach(const Json& c, bool sends) {
    auto& state = connection_of(c);
    const auto name = c.at("name").get<std::string>();
    ask(state, [&] {
      state.links[name] = LinkState();
      auto& link = state.links[name];
      if (sends) {
        link.sender = state.connection.open_sender("", sender_options(c));
        link.sends_settled = c.value("settle", "mixed") == "settled";
      } else {
        link.receiver = state.connection.open_receiver("", receiver_options(c));
      }
    });
    Lock lock(shared_.mutex);
    auto& link = state.links[name];
    wait(lock, 10, "ATTACH", [&] { return link.opened || link.ended.ended || state.ended.ended; });
    check(state.ended);
    // A refusal is an ATTACH without the terminus and a DETACH behind it; a relay has no address either.
    if (link.address.empty() && !c.at("address").is_null()) {
      until(lock, 10, [&] { return link.ended.ended || state.ended.ended; });
    }
    check(link.ended);
    handles_[c.at("link")] = name;
    return {{"address", link.address}};
  }

  Json send(const Json& c) {
    auto& state = connection_of(c);
    auto& link = link_of(c);
    const auto message = to_message(c.at("message"));
    {
      Lock lock(shared_.mutex);
      wait(lock, c.value("timeout", 10.0), "credit",
           [&] { return link.credit > 0 || link.ended.ended || state.ended.ended; });
      check(link.ended);
      check(state.ended);
    }
    const bool settled = link.sends_settled || c.value("settled", false);
    ask(state, [&] {
      link.outcome = nullptr;
      auto tracker = link.sender.send(message);
      link.credit = link.sender.credit();
      if (settled && !link.sends_settled) tracker.settle();
    });
    if (settled) return {{"outcome", {{"outcome", "settled"}}}};
    Lock lock(shared_.mutex);
    wait(lock, 30, "an outcome", [&] { return !link.outcome.is_null() || link.ended.ended || state.ended.ended; });
    if (link.outcome.is_null()) check(link.ended.ended ? link.ended : state.ended);
    return {{"outcome", link.outcome}};
  }

  Json credit(const Json& c) {
    auto& state = connection_of(c);
    auto& link = link_of(c);
    const bool drain = c.value("drain", false);
    ask(state, [&] {
      link.drained = false;
      link.receiver.add_credit(c.at("credit"));
      if (drain) link.receiver.drain();
    });
    if (!drain) return Json::object();
    Lock lock(shared_.mutex);
    wait(lock, 10, "the end of the drain", [&] { return link.drained || state.ended.ended; });
    return Json::object();
  }

  Json receive(const Json& c) {
    auto& state = connection_of(c);
    auto& link = link_of(c);
    const auto wanted = c.value("count", std::size_t{1});
    Lock lock(shared_.mutex);
    until(lock, c.value("timeout", 10.0),
          [&] { return link.arrived.size() >= wanted || link.ended.ended || state.ended.ended; });
    Json messages = Json::array();
    for (; messages.size() < wanted && !link.arrived.empty(); link.arrived.pop_front()) {
      messages.push_back(link.arrived.front().second);
      messages.back()["delivery"] = link.arrived.front().first;
    }
    if (messages.empty()) check(link.ended);
    return {{"messages", messages}};
  }

  Json settle(const Json& c) {
    auto& state = connection_of(c);
    auto& link = link_of(c);
    const auto outcome = c.at("outcome").get<std::string>();
    ask(state, [&] {
      auto found = link.unsettled.extract(c.at("delivery").get<int>());
      auto& delivery = found.mapped();
      if (outcome == "accepted") delivery.accept();
      if (outcome == "released") delivery.release();
      if (outcome == "rejected") delivery.reject();
      if (outcome == "modified") delivery.modify();
    });
    return Json::object();
  }

  Json detach(const Json& c) {
    auto& state = connection_of(c);
    auto& link = link_of(c);
    ask(state, [&] {
      const auto end = [&](auto& l) { c.value("close", true) ? l.close() : l.detach(); };
      link.sender ? end(link.sender) : end(link.receiver);
    });
    Lock lock(shared_.mutex);
    wait(lock, 10, "the broker's DETACH", [&] { return link.ended.ended || state.ended.ended; });
    handles_.erase(c.at("link").get<std::string>());
    return Json::object();
  }

  Json ended(const Json& c) {
    auto& ended = handles_.count(c.value("link", "")) != 0 ? link_of(c).ended : connection_of(c).ended;
    Lock lock(shared_.mutex);
    wait(lock, c.value("timeout", 10.0), "the broker's end of it", [&] { return ended.ended; });
    return {{"condition", ended.condition}, {"description", ended.description}};
  }

  Json idle(const Json& c) {
    auto& state = connection_of(c);
    Lock lock(shared_.mutex);
    until(lock, c.at("seconds").get<double>(), [&] { return state.ended.ended; });
    check(state.ended);
    return Json::object();
  }

  Shared shared_;
  std::map<std::string, std::unique_ptr<ConnectionState>> connections_;
  std::map<std::string, std::string> handles_;  // link names by handle
  proton::container container_;
  std::thread thread_;
};

Json answer_to(Program& program, const std::string& line) {
  try {
    return program.run(Json::parse(line));
  } catch (const Failed& error) {
    return {{"error", {{"condition", error.condition}, {"description", error.what()}}}};
  } catch (const std::exception& error) {
    return {{"error", {{"condition", "client"}, {"description", error.what()}}}};
  }
}

}  // namespace
}  // namespace interop

int main() {
  interop::Program program;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << interop::answer_to(program, line).dump() << std::endl;
  }
}
