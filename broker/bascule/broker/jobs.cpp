#include "bascule/broker/jobs.hpp"

#include <algorithm>
#include <charconv>

namespace bascule::broker {
namespace {

std::string base_36(std::int64_t number) {
  char text[16];
  return {text, std::to_chars(text, text + sizeof text, number, 36).ptr};
}

}  // namespace

const char* to_string(Job::State state) noexcept {
  switch (state) {
    case Job::State::running: return "running";
    case Job::State::done: return "done";
    case Job::State::cancelled: return "cancelled";
    case Job::State::failed: return "failed";
  }
  return "";
}

std::uint64_t Pace::allowance(Time now) noexcept {
  if (!rate_) return Reads::part_messages;
  const double passed = std::chrono::duration<double>(now - filled_).count();
  filled_ = now;
  level_ = std::min(level_ + passed * *rate_, std::max(1.0, *rate_ / 4));
  return level_ < 1 ? 0 : static_cast<std::uint64_t>(level_);
}

struct Jobs::Running {
  Running(Router& router, Reads& reads, Queue& from, const JobRequest& request)
      : moving(router, reads, from, request.to, request.may), pace(request.rate, reads.now()) {}
  Job job;
  Moving moving;
  Pace pace;
  bool stepping = false;
};

Jobs::Jobs(Router& router, Reads& reads, std::function<std::int64_t()> wall_ms)
    : router_(router), reads_(reads), wall_ms_(std::move(wall_ms)), prefix_(base_36(wall_ms_()) + "-") {}

Jobs::~Jobs() = default;

Jobs::Started Jobs::refused(const JobRequest& request) const {
  const Node* const from = router_.find(request.from);
  if (from == nullptr || from->kind() != Node::Kind::queue) {
    return {nullptr, 404, "there is no queue '" + request.from.substr(0, 200) + "'"};
  }
  if (request.to) {
    const Node* const to = router_.find(*request.to);
    if (to == nullptr)
      return {nullptr, 404, "there is no queue or topic '" + request.to->substr(0, 200) + "' to move to"};
    if (to == from) return {nullptr, 409, "a queue cannot be moved to itself"};
    if (to->kind() == Node::Kind::service) return {nullptr, 409, "'" + *request.to + "' is the broker's own"};
  }
  return {};
}

Jobs::Started Jobs::start(const JobRequest& request) {
  if (auto no = refused(request); no.status != 0) return no;
  for (const auto& [id, other] : running_) {
    if (other->job.from == request.from) {
      return {nullptr, 409,
              "job " + id + " is taking messages out of '" + request.from +
                  "', and it goes one at a time; DELETE /api/v1/jobs/" + id + " ends it"};
    }
  }
  if (running_.size() >= max_running) {
    return {nullptr, 503, std::to_string(max_running) + " jobs are running; cancel one or wait"};
  }
  auto& queue = static_cast<Queue&>(*router_.find(request.from));
  auto made = std::make_unique<Running>(router_, reads_, queue, request);
  Running& running = *made;
  running.job = {.id = prefix_ + std::to_string(next_++),
                 .from = request.from,
                 .user = request.user,
                 .to = request.to,
                 .limit = request.limit,
                 .rate = request.rate,
                 .waiting = queue.available(),
                 .started_ms = wall_ms_()};
  running_.emplace(running.job.id, std::move(made));
  ++counters_.started;
  go_on(running, reads_.now());
  return {&running.job};
}

const Job* Jobs::find(const std::string& id) const noexcept {
  if (const auto found = running_.find(id); found != running_.end()) return &found->second->job;
  const auto ended = std::find_if(ended_.begin(), ended_.end(), [&id](const Job& job) { return job.id == id; });
  return ended == ended_.end() ? nullptr : &*ended;
}

const Job* Jobs::cancel(const std::string& id) {
  if (running_.contains(id)) end(id, Job::State::cancelled, "");
  return find(id);
}

std::vector<const Job*> Jobs::all() const {
  std::vector<const Job*> all;
  for (const auto& [id, running] : running_) all.push_back(&running->job);
  std::sort(all.begin(), all.end(), [](const Job* a, const Job* b) { return a->started_ms > b->started_ms; });
  for (const Job& job : ended_) all.push_back(&job);
  return all;
}

void Jobs::sweep(Time now) {
  std::vector<Running*> all;
  for (const auto& [id, running] : running_) all.push_back(running.get());
  for (Running* running : all) go_on(*running, now);
}

void Jobs::go_on(Running& running, Time now) {
  if (running.stepping) return;
  std::uint64_t allowance = running.pace.allowance(now);
  if (running.job.limit) allowance = std::min(allowance, *running.job.limit - running.job.moved);
  if (allowance == 0) return;
  running.stepping = true;
  running.moving.step(allowance, [this, id = running.job.id](const Moving::Step& step) { stepped(id, step); });
}

void Jobs::stepped(const std::string& id, const Moving::Step& step) {
  Running& running = *running_.at(id);
  Job& job = running.job;
  running.stepping = false;
  running.pace.used(step.moved);
  job.moved += step.moved;
  job.passed_over += step.passed_over;
  counters_.moved += step.moved;
  job.detail = step.waits_for.empty() ? "" : "waits until '" + step.waits_for + "' has room";
  if (!step.failed.empty()) return end(id, Job::State::failed, step.failed);
  if (step.ended || job.moved == job.limit) return end(id, Job::State::done, "");
  if (step.waits_for.empty()) go_on(running, reads_.now());
}

void Jobs::end(const std::string& id, Job::State state, std::string detail) {
  auto ending = running_.extract(id);
  Job& job = ending.mapped()->job;
  job.state = state;
  job.detail = std::move(detail);
  job.ended_ms = wall_ms_();
  ended_.push_front(std::move(job));
  if (ended_.size() > max_ended) ended_.pop_back();
  switch (state) {
    case Job::State::running: break;
    case Job::State::done: ++counters_.done; break;
    case Job::State::cancelled: ++counters_.cancelled; break;
    case Job::State::failed: ++counters_.failed; break;
  }
}

}  // namespace bascule::broker
