#include "bascule/gateway/documents.hpp"
#include "bascule/gateway/http_failures.hpp"
#include "bascule/gateway/method_call.hpp"
#include "bascule/gateway/schema_text.hpp"

namespace bascule::gateway {
namespace {

constexpr std::string_view problem_ref = R"({"$ref":"#/components/schemas/Problem"})";

std::string_view where(thrift::Binding::In in) {
  switch (in) {
    case thrift::Binding::In::path: return "path";
    case thrift::Binding::In::header: return "header";
    case thrift::Binding::In::cookie: return "cookie";
    default: return "query";
  }
}

const thrift::FieldType* argument(const thrift::Method& method, std::string_view name) {
  for (const thrift::FieldType& each : method.args) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

// The field that a binding is for: an argument, or a field inside struct arguments ("a.b").
const thrift::FieldType* bound_field(const thrift::Method& method, const thrift::Binding& binding) {
  const thrift::FieldType* field = argument(method, binding.arg);
  std::string_view path = binding.field;
  while (field != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    field = field->type->named == nullptr ? nullptr : field->type->named->field(path.substr(0, dot));
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return field;
}

void parameters(JsonText& out, Schemas& schemas, const Route& route) {
  const bool keyed = !route.method->idempotent && route.verb != "GET" && route.verb != "DELETE";
  if (route.http->bindings.empty() && !keyed) return;
  out.key("parameters").open('[');
  for (const thrift::Binding& binding : route.http->bindings) {
    const thrift::FieldType* field = bound_field(*route.method, binding);
    if (field == nullptr || binding.in == thrift::Binding::In::body) continue;
    const bool required = binding.in == thrift::Binding::In::path ||
                          (field->requiredness == thrift::Requiredness::required && !field->default_json);
    out.open('{').member("name", binding.name).member("in", where(binding.in)).key("required").boolean(required);
    if (!trimmed(field->doc).empty()) out.member("description", trimmed(field->doc));
    schemas.field(out.key("schema"), *field, false);
    out.close('}');
  }
  if (keyed) out.raw(http_failures().idempotency_key);
  out.close(']');
}

// What other bindings take from the body's argument: ",a,b,".
std::string bound_elsewhere(const Route& route, std::string_view name) {
  std::string names = ",";
  for (const thrift::Binding& binding : route.http->bindings) {
    if (binding.arg == name && !binding.field.empty()) names += binding.field + ",";
  }
  return names;
}

// Whether a request may leave the argument out: all but structs have a value that stands for nothing.
bool may_be_absent(const thrift::FieldType& arg) {
  return arg.requiredness == thrift::Requiredness::optional || arg.default_json || arg.type->named == nullptr ||
         arg.type->kind == thrift::Kind::enumeration;
}

void body_of_arguments(JsonText& out, Schemas& schemas, const Route& route) {
  JsonText required;
  required.open('[');
  out.open('{').member("type", "object").key("properties").open('{');
  for (const thrift::FieldType& arg : route.method->args) {
    std::string name = arg.name;
    bool elsewhere = false;
    for (const thrift::Binding& binding : route.http->bindings) {
      if (binding.arg != arg.name || !binding.field.empty()) continue;
      elsewhere = binding.in != thrift::Binding::In::body;
      if (!elsewhere) name = binding.name;  // api.body = "name"
    }
    if (elsewhere) continue;
    schemas.field(out.key(name), arg);
    if (!may_be_absent(arg)) required.text(name);
  }
  out.close('}');
  if (const std::string names = required.close(']').take(); names.size() > 2) out.key("required").raw(names);
  out.key("additionalProperties").boolean(false).close('}');
}

void request_body(JsonText& out, Schemas& schemas, const Route& route) {
  if (!route.http->body) return;
  out.key("requestBody")
      .open('{')
      .key("required")
      .boolean(true)
      .key("content")
      .open('{')
      .key("application/json")
      .open('{');
  out.key("schema");
  if (*route.http->body == "*") {
    body_of_arguments(out, schemas, route);
  } else {
    const thrift::FieldType* arg = argument(*route.method, *route.http->body);
    const std::string elsewhere = bound_elsewhere(route, *route.http->body);
    if (elsewhere.size() > 1 && arg->type->named != nullptr) {
      schemas.structure(out, *arg->type->named, elsewhere);
    } else {
      schemas.field(out, *arg);
    }
  }
  out.close('}').close('}').close('}');
}

// The problem that a declared exception is: its fields are members, or stand in "exception" when one of them has the name
// of a problem's own member (problem.hpp).
void exception(JsonText& out, Schemas& schemas, const thrift::NamedType& type, int status) {
  const auto constant = [&out](std::string_view member) -> JsonText& { return out.key(member).open('{').key("const"); };
  JsonText required;
  required.open('[').text("type").text("title").text("status");
  out.open('{').member("type", "object");
  if (!trimmed(type.doc).empty()) out.member("description", trimmed(type.doc));
  out.key("properties").open('{');
  constant("type").text("urn:thrift:" + type.name).close('}');
  constant("title").text(std::string_view(type.name).substr(type.name.rfind('.') + 1)).close('}');
  constant("status").number(status).close('}');
  out.key("trace_id").raw(R"({"type":"string"})");
  if (is_nested(type)) {
    schemas.structure(out.key("exception"), type);
    required.text("exception");
  } else {
    for (const thrift::FieldType& each : type.fields) {
      schemas.field(out.key(each.name), each);
      if (each.requiredness == thrift::Requiredness::required) required.text(each.name);
    }
  }
  out.close('}').key("required").raw(required.close(']').take()).close('}');
}

std::string problem_content(std::string_view description, std::string_view schema) {
  JsonText out;
  out.open('{').member("description", description).key("content").open('{').key(problem_type).open('{');
  out.key("schema").raw(schema).close('}').close('}').close('}');
  return out.take();
}

// The declared exceptions of one status, and a plain problem where the gateway answers with that status too.
std::string declared(Schemas& schemas, const std::vector<const thrift::Throw*>& thrown, int status, bool plain_too) {
  std::string names;
  JsonText all;
  for (const thrift::Throw* each : thrown) {
    const std::string& name = each->type->named->name;
    names += (names.empty() ? "" : " or ") + name.substr(name.rfind('.') + 1);
    exception(all, schemas, *each->type->named, status);
  }
  if (plain_too) all.raw(problem_ref);
  const std::string list = all.take();
  return problem_content(names, thrown.size() + plain_too == 1 ? list : "{\"anyOf\":[" + list + "]}");
}

void responses(JsonText& out, Schemas& schemas, const Route& route) {
  const thrift::Method& method = *route.method;
  int status = route.http->status;
  if (status == 200 && method.oneway) status = 202;
  if (status == 200 && method.returns == nullptr && !method.oneway) status = 204;
  out.key("responses").open('{').key(std::to_string(status)).open('{');
  out.member("description", method.oneway ? "The call was taken." : "The answer.");
  if (method.returns != nullptr) {
    schemas.type(out.key("content").open('{').key("application/json").open('{').key("schema"), *method.returns);
    out.close('}').close('}');
  }
  out.close('}');
  std::map<std::string, std::vector<const thrift::Throw*>> by_status;
  for (const thrift::Throw& thrown : method.throws) {
    by_status[std::to_string(thrown.http_code.value_or(500))].push_back(&thrown);
  }
  for (const Failure& failure : http_failures().failures) {
    if (failure.token && route.open) continue;
    const auto found = by_status.find(failure.status);
    if (found == by_status.end()) {
      out.key(failure.status).open('{').member("$ref", "#/components/responses/" + failure.name).close('}');
      continue;
    }
    out.key(failure.status).raw(declared(schemas, found->second, std::stoi(failure.status), true));
    by_status.erase(found);
  }
  for (const auto& [code, thrown] : by_status) out.key(code).raw(declared(schemas, thrown, std::stoi(code), false));
  out.close('}');
}

void operation(JsonText& out, Schemas& schemas, const Route& route) {
  const thrift::Method& method = *route.method;
  const bool first = &method.http.front() == route.http;
  std::string verb = route.verb;
  for (char& c : verb) c = static_cast<char>(c - 'A' + 'a');
  out.key(verb).open('{').member("operationId", route.service + "." + method.name + (first ? "" : "." + verb));
  out.key("tags").open('[').text(route.service).close(']');
  if (const std::string_view doc = trimmed(method.doc); !doc.empty()) {
    out.member("summary", doc.substr(0, doc.find('\n'))).member("description", doc);
  }
  out.key("security").open('[');
  if (!route.open) {
    out.open('{').key("token").open('[');
    for (const std::string& scope : method.scopes) out.text(scope);
    out.close(']').close('}');
  }
  out.close(']');
  parameters(out, schemas, route);
  request_body(out, schemas, route);
  responses(out, schemas, route);
  out.close('}');
}

void aggregate(JsonText& out, const Route& route) {
  out.key("get")
      .open('{')
      .member("operationId", "gateway.get " + route.path)
      .key("tags")
      .open('[')
      .text("aggregates")
      .close(']');
  out.member("summary", "Several routes in one answer")
      .key("security")
      .open('[')
      .close(']')
      .key("parameters")
      .open('[');
  for (const std::string& name : route.aggregate->variables.variables()) {
    out.open('{').member("name", name).member("in", "path").key("required").boolean(true);
    out.key("schema").raw(R"({"type":"string"})").close('}');
  }
  out.close(']').key("responses").open('{').key("200").open('{');
  out.member("description", "The parts; X-Gateway-Completed: false when optional ones are missing, `errors` says why.");
  out.key("content").open('{').key("application/json").open('{').key("schema").open('{').member("type", "object");
  out.key("properties").open('{');
  for (const Part& part : route.aggregate->parts) out.key(part.name).raw("{}");
  out.key("errors").raw(R"({"type":"array","items":{"type":"object"}})").close('}');
  out.key("required").open('[');
  for (const Part& part : route.aggregate->parts) {
    if (part.required) out.text(part.name);
  }
  out.close(']').close('}').close('}').close('}').close('}');
  out.key("default").raw(R"({"$ref":"#/components/responses/Failure"})").close('}').close('}');
}

std::string_view service_doc(const Route& route) {
  const thrift::ServiceType* service = route.contract->service(route.service);
  return service != nullptr ? trimmed(service->doc) : std::string_view();
}

}  // namespace

std::string openapi(const Routes& routes) {
  std::map<std::string, std::map<std::string, const Route*>> paths;
  std::map<std::string, std::string_view> services;  // by name, what they are
  for (const auto& route : routes.all) {
    paths[route->path][route->verb] = route.get();
    if (route->aggregate == nullptr) services[route->service] = service_doc(*route);
  }
  Schemas schemas;
  JsonText out;
  out.open('{').member("openapi", "3.1.0").key("info").open('{').member("title", "What this gateway serves");
  out.member("version", "1")
      .member("description", "Made from the contracts of the services that have announced themselves.");
  out.close('}').key("tags").open('[');
  for (const auto& [name, doc] : services) {
    out.open('{').member("name", name);
    if (!doc.empty()) out.member("description", doc);
    out.close('}');
  }
  out.close(']').key("paths").open('{');
  for (const auto& [path, verbs] : paths) {
    out.key(path).open('{');
    for (const auto& [verb, route] : verbs) {
      route->aggregate != nullptr ? aggregate(out, *route) : operation(out, schemas, *route);
    }
    out.close('}');
  }
  out.close('}').key("components").open('{').key("schemas").open('{').key("Problem").raw(http_failures().problem);
  schemas.components(out);
  out.close('}').key("responses").open('{');
  for (const Failure& each : http_failures().failures) {
    out.key(each.name).raw(problem_content(each.description, problem_ref));
  }
  out.close('}').key("securitySchemes").raw(http_failures().security).close('}').close('}');
  return out.take();
}

}  // namespace bascule::gateway
