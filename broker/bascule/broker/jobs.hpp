// Jobs: moves and redrives that go on by themselves, at a rate, can be looked at while they do, and be cancelled.
//
// One at a time for a queue, max_running in all; of those that ended the last max_ended are remembered. A job that meets a
// node without room waits until there is some. Rate: in any time t at most rate * t messages and one burst (a quarter of a
// second's, or one message).
// Lifetime: destroying it cancels all. Thread safety: the broker's loop only; time comes with sweep().
#pragma once

#include <map>
#include <optional>

#include "bascule/broker/moving.hpp"

namespace bascule::broker {

struct JobRequest {
  std::string from;
  std::optional<std::string> to = {};  ///< none: a redrive
  std::optional<std::uint64_t> limit = {};
  std::optional<double> rate = {};  ///< messages a second, above 0
  std::string user = {};            ///< who asked
  Moving::May may = {};
};

struct Job {
  enum class State : std::uint8_t { running, done, cancelled, failed };
  std::string id, from, user;
  std::optional<std::string> to;
  std::optional<std::uint64_t> limit;
  std::optional<double> rate;
  State state = State::running;
  std::string detail = {};    ///< what it waits for, or why it failed
  std::uint64_t waiting = 0;  ///< messages that waited when it began
  std::uint64_t moved = 0, passed_over = 0;
  std::int64_t started_ms = 0, ended_ms = 0;  ///< since the Unix epoch; 0: it has not ended
};
const char* to_string(Job::State state) noexcept;

/// How many messages may go now: a bucket of a quarter of a second.
class Pace {
 public:
  Pace(std::optional<double> rate, Time now) : rate_(rate), filled_(now) {}
  std::uint64_t allowance(Time now) noexcept;
  void used(std::uint64_t messages) noexcept { level_ -= static_cast<double>(messages); }

 private:
  std::optional<double> rate_;
  Time filled_;
  double level_ = 1;
};

struct JobCounters {
  std::uint64_t started = 0, done = 0, cancelled = 0, failed = 0, moved = 0;
};

class Jobs {
 public:
  static constexpr std::size_t max_running = 16, max_ended = 100;

  Jobs(Router& router, Reads& reads, std::function<std::int64_t()> wall_ms);
  ~Jobs();

  struct Started {
    const Job* job = nullptr;  ///< null: refused
    int status = 0;            ///< 404, 409 or 503
    std::string why = {};
  };
  /// Why this cannot be moved; status 0: it can. The node it goes to must be another one; both must exist.
  Started refused(const JobRequest& request) const;
  Started start(const JobRequest& request);
  /// Valid until the next call. Null: there is none, or it ended long ago.
  const Job* find(const std::string& id) const noexcept;
  /// Ends it: not one message goes from now on. One that has ended stays as it is.
  const Job* cancel(const std::string& id);
  /// Running ones first, then those that ended, youngest first.
  std::vector<const Job*> all() const;
  /// Lets those go on that may. Call it often (TimeIndex::resolution).
  void sweep(Time now);
  std::size_t running() const noexcept { return running_.size(); }
  const JobCounters& counters() const noexcept { return counters_; }

 private:
  struct Running;
  void go_on(Running& job, Time now);
  void stepped(const std::string& id, const Moving::Step& step);
  void end(const std::string& id, Job::State state, std::string detail);

  Router& router_;
  Reads& reads_;
  const std::function<std::int64_t()> wall_ms_;
  const std::string prefix_;  // tells the jobs of this run of the broker from those of another
  std::uint64_t next_ = 1;
  std::map<std::string, std::unique_ptr<Running>> running_;
  std::deque<Job> ended_;  // youngest first
  JobCounters counters_;
};

}  // namespace bascule::broker
