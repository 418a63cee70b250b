#include "bascule/admin/documents.hpp"

#include "bascule/admin/routes.hpp"
#include "bascule/admin/value_json.hpp"
#include "bascule/amqp/sasl_crypto.hpp"

namespace bascule::admin {

using telemetry::JsonText;

void write(JsonText& json, const broker::NodeInfo& node) {
  json.open('{').member("address", node.address).member("kind", to_string(node.kind));
  if (node.kind == broker::Node::Kind::queue) {
    json.key("messages").number(node.messages).key("unsettled").number(node.unsettled);
    json.key("scheduled").number(node.scheduled).key("bytes").number(node.bytes);
    json.key("consumers").number(node.consumers);
  }
  if (!node.stopped.empty()) json.member("stopped", node.stopped);
  json.member("href", "/api/v1/queues/" + encode_segment(node.address)).close('}');
}

void write(JsonText& json, const broker::Peeked& message, bool encoded) {
  const broker::Message& whole = *message.message;
  json.open('{').key("position").number(message.position).key("delivery_count").number(message.delivery_count);
  json.key("durable").boolean(whole.durable()).key("priority").number(unsigned{whole.priority()});
  write_message(json, whole.body(), whole.tail() == nullptr ? 0 : whole.tail()->size());
  if (encoded) json.member("encoded", amqp::to_base64(amqp::as_text(whole.body())));
  json.close('}');
}

void write(JsonText& json, const broker::Job& job) {
  json.open('{').member("id", job.id).member("kind", job.to ? "move" : "redrive").member("from", job.from);
  if (job.to) json.member("to", *job.to);
  if (job.limit) json.key("limit").number(*job.limit);
  if (job.rate) json.key("rate").number(*job.rate);
  json.member("state", to_string(job.state));
  if (!job.detail.empty()) json.member("detail", job.detail);
  json.key("waiting").number(job.waiting).key("moved").number(job.moved).key("passed_over").number(job.passed_over);
  json.member("user", job.user).member("started", rfc3339(job.started_ms));
  if (job.ended_ms != 0) json.member("ended", rfc3339(job.ended_ms));
  json.member("href", path_of(job)).close('}');
}

std::string path_of(const broker::Job& job) { return "/api/v1/jobs/" + encode_segment(job.id); }

}  // namespace bascule::admin
