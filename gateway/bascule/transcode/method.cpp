#include "bascule/transcode/method.hpp"

#include "bascule/transcode/decoder.hpp"
#include "bascule/transcode/encoder.hpp"
#include "bascule/transcode/overlay_compiler.hpp"

namespace bascule::transcode {

using thrift::MessageType;

MethodPlan::MethodPlan(std::shared_ptr<const Schema> schema, const thrift::Method& method, const thrift::Route* route,
                       Options options)
    : schema_(std::move(schema)), method_(&method), options_(options), arguments_(&schema_->arguments(method)) {
  thrift::begin_message(header_, thrift::Encoding::compact, method.name,
                        method.oneway ? MessageType::oneway : MessageType::call);
  if (!route) return;
  overlay_ = compile_overlay(*arguments_, *route);
  arguments_ = &renamed(*arguments_, *route);
  json_object_ = route->body == "*";
  json_argument_ = route->body && !json_object_;
}

/// api.body = "name" on an argument: the body's key is that name.
const StructPlan& MethodPlan::renamed(const StructPlan& plan, const thrift::Route& route) {
  for (const thrift::Binding& binding : route.bindings) {
    if (binding.in != thrift::Binding::In::body || !binding.field.empty() || binding.name == binding.arg) continue;
    if (!renamed_) renamed_ = std::make_unique<StructPlan>(plan);
    renamed_->fields[plan.names.find(binding.arg)].name = Name(binding.name);
  }
  if (!renamed_) return plan;
  std::vector<std::string_view> names;
  for (const FieldPlan& field : renamed_->fields) names.push_back(field.name.text);
  renamed_->names.build(names);
  return *renamed_;
}

bool MethodPlan::encode(const Request& request, Workspace& workspace, std::string& out, Problem& problem) const {
  thrift::CompactWriter writer(out, options_.thrift_depth);
  const std::size_t start = writer.size();
  writer.append(header_.data(), header_.size());
  Encoder encoder(workspace, writer, options_, problem);
  encoder.parameters(request.parameters);
  if (json_object_) {
    if (!encoder.open(request.json.empty() ? "{}" : request.json)) return false;
  } else if (json_argument_) {
    if (!encoder.open(request.json)) return false;
  }
  if (!encoder.structure(*arguments_, overlay_.get(), json_object_)) return false;
  if ((json_object_ || json_argument_) && !encoder.close()) return false;
  return encoder.small_enough(start);
}

namespace {

Reply broken(Wrong wrong, std::string what, std::size_t offset) {
  Reply reply;
  reply.problem = {wrong, Source::reply, {}, std::move(what), {}, offset};
  return reply;
}

}  // namespace

Reply MethodPlan::decode(std::string_view message, std::string& json) const {
  const thrift::Limits limits{options_.message, options_.thrift_depth};
  const thrift::Envelope envelope = thrift::open_message(thrift::Encoding::compact, message, limits);
  if (!envelope.ok()) return broken(Wrong::thrift, std::string(to_string(envelope.fault)), envelope.offset);
  if (envelope.header.type == MessageType::exception) {
    auto application = thrift::decode_exception(thrift::Encoding::compact, envelope.body, limits);
    if (!application) return broken(Wrong::thrift, "the application exception cannot be read", envelope.offset);
    Reply reply;
    reply.outcome = Reply::Outcome::application;
    reply.application = std::move(*application);
    return reply;
  }
  if (envelope.header.type != MessageType::reply) return broken(Wrong::thrift, "the message is not a reply", 1);
  if (envelope.header.name != method_->name) {
    return broken(Wrong::thrift, "the reply is of another method: " + std::string(envelope.header.name),
                  envelope.offset);
  }
  return decode_result(envelope.body, json);
}

Reply MethodPlan::decode_result(std::string_view body, std::string& json) const {
  thrift::CompactReader in(body, {options_.message, options_.thrift_depth});
  JsonWriter out(json);
  in.struct_begin();
  const thrift::Field field = in.field_begin();
  Reply reply;
  if (field.type != thrift::Type::stop) {
    reply = read_field(field, in, out);
    if (reply.outcome == Reply::Outcome::broken) return reply;
    if (in.field_begin().type != thrift::Type::stop)
      return broken(Wrong::thrift, "the result holds more than one field", in.offset());
  } else if (!method_->returns) {
    reply.outcome = Reply::Outcome::success;
  }
  in.struct_end();
  if (!in.ok()) return broken(Wrong::thrift, std::string(to_string(in.fault())), in.offset());
  if (in.remaining() != 0) return broken(Wrong::thrift, "bytes follow the reply", in.offset());
  if (reply.outcome == Reply::Outcome::broken) return broken(Wrong::thrift, "the reply holds no result", in.offset());
  return reply;
}

Reply MethodPlan::read_field(thrift::Field field, thrift::CompactReader& in, JsonWriter& out) const {
  Reply reply;
  const thrift::TypeRef* type = field.id == 0 ? method_->returns : nullptr;
  for (const thrift::Throw& thrown : method_->throws) {
    if (field.id != thrown.id || field.id == 0) continue;
    reply.thrown = &thrown;
    type = thrown.type;
  }
  if (!type) return broken(Wrong::thrift, "the result holds an unknown field " + std::to_string(field.id), in.offset());
  const TypePlan& plan = schema_->type(*type);
  if (plan.wire != field.type) return broken(Wrong::thrift, "the result is not of type " + plan.name, in.offset());
  Decoder decoder(in, out, options_, reply.problem);
  if (!decoder.value(plan) || !decoder.sound()) return reply;
  reply.outcome = reply.thrown ? Reply::Outcome::declared : Reply::Outcome::success;
  return reply;
}

}  // namespace bascule::transcode
