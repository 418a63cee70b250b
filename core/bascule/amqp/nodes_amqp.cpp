// RabbitMQ 4's management over AMQP: requests and answers on a pair of links of one name, to and from "/management".
#include <proton/codec.h>
#include <proton/terminus.h>

#include <deque>
#include <unordered_map>

#include "bascule/amqp/link.hpp"
#include "bascule/amqp/message.hpp"
#include "bascule/amqp/nodes.hpp"
#include "bascule/amqp/nodes_requests.hpp"

namespace bascule::amqp {
namespace {

constexpr const char* node = "/management";
constexpr const char* pair_name = "bascule-management";
constexpr int answers = 64;  // credit: as many requests may be under way

void pair_up(pn_link_t* link, Link* context) {
  pn_link_set_context(link, context);
  pn_terminus_set_address(pn_link_source(link), node);
  pn_terminus_set_address(pn_link_target(link), node);
  pn_link_set_snd_settle_mode(link, PN_SND_SETTLED);
  auto* const properties = pn_link_properties(link);
  pn_data_put_map(properties);
  pn_data_enter(properties);
  pn_data_put_symbol(properties, pn_bytes(6, "paired"));
  pn_data_put_bool(properties, true);
  pn_data_exit(properties);
  pn_link_open(link);
}

class AmqpNodes final : public Nodes {
 public:
  AmqpNodes(Connection& connection, pn_session_t* session)
      : connection_(connection), session_(session), requests_(*this), answers_(*this) {}
  ~AmqpNodes() override {
    for (auto* const each : {requests_.link, answers_.link}) {
      if (each != nullptr) pn_link_set_context(each, nullptr);
    }
  }

  void declare(std::vector<profile::Declaration> wanted, Done done) override {
    auto batch = std::make_shared<Batch>();
    batch->open = wanted.size();
    batch->done = std::move(done);
    for (auto& each : wanted) waiting_.push_back({std::move(each), batch});
    if (requests_.link == nullptr) open();
    send();
  }

 private:
  // What one caller wanted: done when every answer has come.
  struct Batch {
    std::size_t open = 0;
    std::string error;
    Done done;
    void answered(const std::string& problem) {
      if (error.empty()) error = problem;
      if (--open == 0) done(error);
    }
  };
  struct Request {
    profile::Declaration wanted;
    std::shared_ptr<Batch> batch;
  };

  struct Requests final : Link {
    explicit Requests(AmqpNodes& o) : owner(o) {}
    void attach(pn_session_t*) override {}
    bool sends() const override { return true; }
    void lost(std::string_view reason) override { owner.lost(reason); }
    void on_remote_open() override { owner.send(); }
    void on_flow() override { owner.send(); }
    AmqpNodes& owner;
  };
  struct Answers final : Link {
    explicit Answers(AmqpNodes& o) : owner(o) {}
    void attach(pn_session_t*) override {}
    bool sends() const override { return false; }
    void lost(std::string_view reason) override { owner.lost(reason); }
    void on_remote_open() override {}
    void on_delivery(pn_delivery_t* delivery) override { owner.on_answer(delivery); }
    AmqpNodes& owner;
  };

  void open() {
    requests_.link = pn_sender(session_, pair_name);
    pair_up(requests_.link, &requests_);
    answers_.link = pn_receiver(session_, pair_name);
    pair_up(answers_.link, &answers_);
    pn_link_flow(answers_.link, answers);
  }

  void send() {
    std::string encoded;
    while (requests_.link != nullptr && !waiting_.empty() && pn_link_credit(requests_.link) > 0 &&
           sent_.size() < answers) {
      const auto number = ++last_;
      encoded.clear();
      nodes::encode_amqp(waiting_.front().wanted, number, encoded);
      auto* const delivery =
          pn_delivery(requests_.link, pn_dtag(reinterpret_cast<const char*>(&number), sizeof number));
      pn_link_send(requests_.link, encoded.data(), encoded.size());
      pn_link_advance(requests_.link);
      pn_delivery_settle(delivery);
      sent_.emplace(number, std::move(waiting_.front()));
      waiting_.pop_front();
    }
    connection_.wake();
  }

  void on_answer(pn_delivery_t* delivery) {
    if (pn_delivery_partial(delivery)) return;  // read as a whole when it is whole
    std::string encoded(pn_delivery_pending(delivery), '\0');
    pn_link_recv(answers_.link, encoded.data(), encoded.size());
    pn_link_advance(answers_.link);
    pn_delivery_settle(delivery);
    pn_link_flow(answers_.link, 1);
    const auto view = MessageView::parse(encoded);
    const auto number = view ? Reader(view->properties().correlation_id).unsigned_integer() : std::nullopt;
    const auto found = number ? sent_.find(*number) : sent_.end();
    if (found != sent_.end()) {
      const auto request = std::move(found->second);
      sent_.erase(found);
      std::string scratch;
      const auto status = view->properties().subject;
      const bool good = status.starts_with('2');
      request.batch->answered(good ? ""
                                   : "the broker refuses " + nodes::describe(request.wanted) + " (" +
                                         std::string(status) + "): " + std::string(view->body(scratch)));
    }
    send();
  }

  void lost(std::string_view reason) {
    // Its links go together: one alone answers nothing.
    for (Link* const each : std::initializer_list<Link*>{&requests_, &answers_}) {
      if (each->link != nullptr) pn_link_set_context(each->link, nullptr);
      each->link = nullptr;
    }
    const auto why = "the broker ended its management link: " + std::string(reason);
    const auto sent = std::exchange(sent_, {});
    const auto waiting = std::exchange(waiting_, {});
    for (const auto& [number, request] : sent) request.batch->answered(why);
    for (const auto& request : waiting) request.batch->answered(why);
  }

  Connection& connection_;
  pn_session_t* session_;
  Requests requests_;
  Answers answers_;
  std::deque<Request> waiting_;
  std::unordered_map<std::uint64_t, Request> sent_;
  std::uint64_t last_ = 0;
};

}  // namespace

std::unique_ptr<Nodes> make_amqp_nodes(Connection& connection, pn_session_t* session) {
  return std::make_unique<AmqpNodes>(connection, session);
}

std::unique_ptr<Nodes> make_nodes(profile::Management how, Loop& loop, Connection& connection, pn_session_t* session,
                                  const Url& url) {
  switch (how) {
    case profile::Management::none: return nullptr;
    case profile::Management::amqp: return make_amqp_nodes(connection, session);
    case profile::Management::http: return make_http_nodes(loop, url);
  }
  return nullptr;
}

}  // namespace bascule::amqp
