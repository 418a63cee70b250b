#include <set>

#include "bascule/gateway/documents.hpp"
#include "bascule/gateway/method_call.hpp"
#include "bascule/gateway/schema_text.hpp"

namespace bascule::gateway {
namespace {

constexpr std::string_view problem_schema =
    R"({"type":"object","description":"A problem (RFC 9457).","properties":{)"
    R"("type":{"type":"string","format":"uri-reference"},"title":{"type":"string"},"status":{"type":"integer"},)"
    R"("detail":{"type":"string"},"trace_id":{"type":"string"},"errors":{"type":"array","items":{"type":"object",)"
    R"("properties":{"detail":{"type":"string"},"pointer":{"type":"string"},"parameter":{"type":"string"},)"
    R"("in":{"type":"string"}}}}},"required":["type","title","status"]})";

constexpr std::string_view problem_content =
    R"({"description":"The request failed; the problem says why.","content":{"application/problem+json":{"schema":)"
    R"({"$ref":"#/components/schemas/Problem"}}}})";

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
  if (!route.method->idempotent && route.verb != "GET" && route.verb != "DELETE") {
    out.raw(
        R"({"name":"Idempotency-Key","in":"header","required":false,"description":"A request repeated with the same )"
        R"(key gets the first answer.","schema":{"type":"string","minLength":1,"maxLength":255}})");
  }
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

void body_of_arguments(JsonText& out, Schemas& schemas, const Route& route) {
  out.open('{').member("type", "object").key("properties").open('{');
  for (const thrift::FieldType& arg : route.method->args) {
    std::string name = arg.name;
    bool elsewhere = false;
    for (const thrift::Binding& binding : route.http->bindings) {
      if (binding.arg != arg.name || !binding.field.empty()) continue;
      elsewhere = binding.in != thrift::Binding::In::body;
      if (!elsewhere) name = binding.name;  // api.body = "name"
    }
    if (!elsewhere) schemas.field(out.key(name), arg);
  }
  out.close('}').key("additionalProperties").boolean(false).close('}');
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

// A problem with the exception's fields as members, or under "exception" when their names are taken
// (problem.hpp).
void exception(JsonText& out, Schemas& schemas, const thrift::NamedType& type) {
  out.open('{').key("allOf").open('[').raw(R"({"$ref":"#/components/schemas/Problem"})");
  out.open('{').member("type", "object").key("properties").open('{');
  if (is_nested(type)) {
    schemas.structure(out.key("exception"), type);
  } else {
    for (const thrift::FieldType& each : type.fields) schemas.field(out.key(each.name), each);
  }
  out.close('}').close('}').close(']').close('}');
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
  std::map<int, std::vector<const thrift::Throw*>> by_status;
  for (const thrift::Throw& thrown : method.throws) by_status[thrown.http_code.value_or(500)].push_back(&thrown);
  for (const auto& [code, thrown] : by_status) {
    std::string names;
    for (const thrift::Throw* each : thrown) names += (names.empty() ? "" : " or ") + each->type->named->name;
    out.key(std::to_string(code)).open('{').member("description", names);
    out.key("content")
        .open('{')
        .key("application/problem+json")
        .open('{')
        .key("schema")
        .open('{')
        .key("anyOf")
        .open('[');
    for (const thrift::Throw* each : thrown) exception(out, schemas, *each->type->named);
    out.close(']').close('}').close('}').close('}').close('}');
  }
  out.key("default").raw(R"({"$ref":"#/components/responses/Problem"})").close('}');
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
  out.key("default").raw(R"({"$ref":"#/components/responses/Problem"})").close('}').close('}');
}

}  // namespace

std::string openapi(const Routes& routes) {
  std::map<std::string, std::map<std::string, const Route*>> paths;
  std::set<std::string> services;
  for (const auto& route : routes.all) {
    paths[route->path][route->verb] = route.get();
    if (route->aggregate == nullptr) services.insert(route->service);
  }
  Schemas schemas;
  JsonText out;
  out.open('{').member("openapi", "3.1.0").key("info").open('{').member("title", "What this gateway serves");
  out.member("version", "1")
      .member("description", "Made from the contracts of the services that have announced themselves.");
  out.close('}').key("tags").open('[');
  for (const std::string& service : services) out.open('{').member("name", service).close('}');
  out.close(']').key("paths").open('{');
  for (const auto& [path, verbs] : paths) {
    out.key(path).open('{');
    for (const auto& [verb, route] : verbs) {
      route->aggregate != nullptr ? aggregate(out, *route) : operation(out, schemas, *route);
    }
    out.close('}');
  }
  out.close('}').key("components").open('{').key("schemas").open('{').key("Problem").raw(problem_schema);
  schemas.components(out);
  out.close('}').key("responses").open('{').key("Problem").raw(problem_content).close('}');
  out.key("securitySchemes").raw(R"({"token":{"type":"http","scheme":"bearer"}})").close('}').close('}');
  return out.take();
}

}  // namespace bascule::gateway
