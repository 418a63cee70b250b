#include "bascule/broker/operations.hpp"

#include <algorithm>

#include "bascule/broker/properties.hpp"

namespace bascule::broker {
namespace {

constexpr std::size_t purged_at_once = 4096;

NodeInfo describe(const Node& node) {
  NodeInfo info{.address = node.address(), .kind = node.kind(), .stopped = node.stopped()};
  if (node.kind() != Node::Kind::queue) return info;
  const auto& queue = static_cast<const Queue&>(node);
  info.messages = queue.available();
  info.unsettled = queue.acquired();
  info.scheduled = queue.scheduled();
  info.bytes = queue.bytes();
  info.consumers = queue.consumers();
  return info;
}

Verdict no_queue(const std::string& name) { return {404, "there is no queue '" + name.substr(0, 200) + "'"}; }
Verdict busy() { return {503, "too many operations are waiting; try again in a moment"}; }

}  // namespace

const char* to_string(Node::Kind kind) noexcept {
  switch (kind) {
    case Node::Kind::queue: return "queue";
    case Node::Kind::topic: return "topic";
    case Node::Kind::service: return "service";
  }
  return "";
}

struct Operations::Walking {
  explicit Walking(Queue& queue, bool scheduled) : walk(queue, scheduled) {}
  Walk walk;
};
struct Operations::Peeking : Walking {
  using Walking::Walking;
  std::uint64_t left = 0, bytes = 0;
  std::vector<Peeked> found;
  Shown done;
};
struct Operations::Purging : Walking {
  using Walking::Walking;
  std::uint64_t purged = 0;
  Counted done;
};
struct Operations::Cancelling : Walking {
  using Walking::Walking;
  std::string message_id;
  std::uint64_t cancelled = 0;
  Counted done;
};

Operations::Operations(Router& router, Storage& storage, Reads::Defer defer, Reads::Clock clock,
                       std::function<std::int64_t()> wall_ms)
    : router_(router),
      reads_(router, storage, std::move(defer), std::move(clock)),
      jobs_(router, reads_, std::move(wall_ms)) {}

Queue* Operations::queue(const std::string& name) const {
  Node* const node = router_.find(name);
  return node != nullptr && node->kind() == Node::Kind::queue ? static_cast<Queue*>(node) : nullptr;
}

// Now, or when others have finished. False: too many wait already.
bool Operations::admit(std::function<void()> work) {
  if (at_once_ < max_at_once) {
    ++at_once_;
    work();
    return true;
  }
  if (line_.size() >= max_waiting) return false;
  line_.push_back(std::move(work));
  return true;
}

void Operations::finished() {
  --at_once_;
  if (line_.empty()) return;
  ++at_once_;
  reads_.later([work = std::move(line_.front())] { work(); });
  line_.pop_front();
}

std::vector<NodeInfo> Operations::list() const {
  std::vector<NodeInfo> all;
  router_.for_each([&all](const Node& node) { all.push_back(describe(node)); });
  std::sort(all.begin(), all.end(), [](const NodeInfo& a, const NodeInfo& b) { return a.address < b.address; });
  return all;
}

std::optional<NodeInfo> Operations::find(const std::string& name) const {
  const Node* const node = router_.find(name);
  return node == nullptr ? std::nullopt : std::optional(describe(*node));
}

Verdict Operations::declare(const std::string& name, bool topic) {
  const bool there = router_.find(name) != nullptr;
  const auto opened = router_.open(name, {.queue = !topic, .topic = topic, .declared = true});
  switch (opened.refusal) {
    case Refusal::none: break;
    case Refusal::wrong_kind: return {409, "there is a node of the other kind with this name"};
    default: return {400, "this name cannot be a node: it is empty, a pattern, too long, or there are too many nodes"};
  }
  if (opened.node == nullptr || opened.node->kind() == Node::Kind::service) {
    return {409, "'" + name.substr(0, 200) + "' is the broker's own"};
  }
  if (!router_.keep(*opened.node)) return {503, "the broker's disk is full; nothing durable can be made"};
  return there ? Verdict{} : Verdict{201, "made"};
}

Verdict Operations::remove(const std::string& name) {
  Node* const node = router_.find(name);
  if (node == nullptr) return {404, "there is no queue or topic '" + name.substr(0, 200) + "'"};
  if (node->kind() == Node::Kind::service) return {409, "'" + name + "' is the broker's own"};
  router_.remove(*node);
  return {};
}

void Operations::purge(const std::string& name, Counted done) {
  const auto begin = [this, name, done] {
    Queue* const from = queue(name);
    if (from == nullptr) {
      finished();
      return reads_.later([name, done] { done(no_queue(name), 0); });
    }
    const auto purging = std::make_shared<Purging>(*from, false);
    purging->done = done;
    purge_on(purging);
  };
  if (!admit(begin)) reads_.later([done] { done(busy(), 0); });
}

void Operations::purge_on(const std::shared_ptr<Purging>& purging) {
  reads_.later([this, purging] {
    Walk& walk = purging->walk;
    Queue* const from = reads_.queue_of(walk);
    if (from != nullptr) purging->purged += from->purge(walk.next, walk.end, purged_at_once, reads_.now());
    if (from != nullptr && !walk.over()) return purge_on(purging);
    finished();
    purging->done({}, purging->purged);
  });
}

void Operations::peek(const PeekRequest& request, Shown done) {
  const auto begin = [this, request, done] {
    Queue* const from = queue(request.name);
    if (from == nullptr) {
      finished();
      return reads_.later([request, done] { done(no_queue(request.name), {}); });
    }
    const auto peeking = std::make_shared<Peeking>(*from, request.scheduled);
    peeking->left = std::min(request.count.value_or(peek_default), peek_most);
    peeking->done = done;
    peek_on(peeking);
  };
  if (!admit(begin)) reads_.later([done] { done(busy(), {}); });
}

void Operations::peek_on(const std::shared_ptr<Peeking>& peeking) {
  const auto show = [this, peeking](Queue* from, Reads::Waiting messages, Time) {
    for (auto& one : messages) {
      if (from == nullptr || peeking->left == 0 || peeking->bytes >= peek_bytes) break;
      MessageRef message = from->message_of(one);
      if (!message) continue;
      peeking->bytes += message->memory();
      --peeking->left;
      peeking->found.push_back({one.at, one.delivery_count, std::move(message)});
    }
    const bool more = from != nullptr && peeking->left > 0 && peeking->bytes < peek_bytes && !peeking->walk.over();
    if (more) return peek_on(peeking);
    finished();
    peeking->done({}, std::move(peeking->found));
  };
  reads_.next(peeking->walk, peeking->left, show);
}

void Operations::cancel(const std::string& name, Position position, Counted done) {
  Queue* const from = queue(name);
  Verdict verdict;
  if (from == nullptr) {
    verdict = no_queue(name);
  } else if (!from->cancel(position, reads_.now())) {
    verdict = {404, "no such message is scheduled"};
  }
  reads_.later([verdict, done] { done(verdict, verdict.failed() ? 0 : 1); });
}

void Operations::cancel(const std::string& name, const std::string& message_id, Counted done) {
  const auto begin = [this, name, message_id, done] {
    Queue* const from = queue(name);
    if (from == nullptr) {
      finished();
      return reads_.later([name, done] { done(no_queue(name), 0); });
    }
    const auto cancelling = std::make_shared<Cancelling>(*from, true);
    cancelling->message_id = message_id;
    cancelling->done = done;
    cancel_on(cancelling);
  };
  if (!admit(begin)) reads_.later([done] { done(busy(), 0); });
}

void Operations::cancel_on(const std::shared_ptr<Cancelling>& cancelling) {
  const auto look = [this, cancelling](Queue* from, const Reads::Waiting& messages, Time now) {
    for (const auto& one : messages) {
      const MessageRef message = from == nullptr ? MessageRef() : from->message_of(one);
      if (!message || identifier_text(read_property(message->body(), 0)) != cancelling->message_id) continue;
      if (from->cancel(one.at, now)) ++cancelling->cancelled;
    }
    if (from != nullptr && !cancelling->walk.over()) return cancel_on(cancelling);
    finished();
    const Verdict none{404, "no such message is scheduled"};
    cancelling->done(cancelling->cancelled > 0 ? Verdict{} : none, cancelling->cancelled);
  };
  reads_.next(cancelling->walk, Reads::part_messages, look);
}

void Operations::move(const JobRequest& request, Counted done) {
  const auto begin = [this, request, done] {
    if (const auto no = jobs_.refused(request); no.status != 0) {
      finished();
      return reads_.later([no, done] { done({no.status, no.why}, 0); });
    }
    const auto moving = std::make_shared<Moving>(router_, reads_, *queue(request.from), request.to, request.may);
    const auto most = std::min(request.limit.value_or(move_default), move_most);
    moving->step(most, [this, moving, done](const Moving::Step& step) {
      finished();
      Verdict ended;
      if (!step.failed.empty()) ended = {404, step.failed};
      if (step.moved == 0 && !step.waits_for.empty()) ended = {409, "'" + step.waits_for + "' has no room"};
      done(ended, step.moved);
    });
  };
  if (!admit(begin)) reads_.later([done] { done(busy(), 0); });
}

}  // namespace bascule::broker
