// One method of a contract between HTTP/JSON and whole Thrift messages (compact): the gateway's and the CLI's
// plan.
//
// Compiled once per route; encode() and decode() then walk bytes only. A MethodPlan shares its Schema and is
// immutable: used from any thread, each with its own Workspace.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bascule/thrift/compact.hpp"
#include "bascule/thrift/envelope.hpp"
#include "bascule/transcode/overlay.hpp"
#include "bascule/transcode/value.hpp"

namespace bascule::transcode {

class JsonWriter;

struct Request {
  std::string_view json;                  ///< the body; empty: none
  std::span<const Parameter> parameters;  ///< decoded text by binding index, repeated when given repeatedly
};

struct Reply {
  enum class Outcome : std::uint8_t {
    success,      ///< the JSON is the result; nothing was appended for void
    declared,     ///< an exception of the contract: the JSON is its struct, thrown says which
    application,  ///< the service could not run the method: see application
    broken,       ///< the bytes are not a reply of this method: see problem
  };
  Outcome outcome = Outcome::broken;
  const thrift::Throw* thrown = nullptr;
  thrift::ApplicationException application;
  Problem problem;
};

class MethodPlan {
 public:
  /// For a route of the method, or (null) for a JSON object of all arguments. The method and route must be
  /// the schema's descriptor's own. Throws thrift::DescriptorError when a binding cannot be: a parameter for
  /// a struct or map, a field given twice.
  MethodPlan(std::shared_ptr<const Schema> schema, const thrift::Method& method, const thrift::Route* route,
             Options options = {});

  const thrift::Method& method() const noexcept { return *method_; }
  const Schema& schema() const noexcept { return *schema_; }

  /// Appends a whole CALL (or ONEWAY) message. False: the problem says why, and what was appended means
  /// nothing.
  [[nodiscard]] bool encode(const Request& request, Workspace& workspace, std::string& out, Problem& problem) const;

  /// Reads a whole REPLY or EXCEPTION message and appends its JSON, as the outcome says.
  Reply decode(std::string_view message, std::string& json) const;

 private:
  const StructPlan& renamed(const StructPlan& plan, const thrift::Route& route);
  Reply decode_result(std::string_view body, std::string& json) const;
  Reply read_field(thrift::Field field, thrift::CompactReader& in, JsonWriter& out) const;

  std::shared_ptr<const Schema> schema_;
  const thrift::Method* method_;
  Options options_;
  std::string header_;  ///< the bytes of the envelope
  const StructPlan* arguments_;
  std::unique_ptr<StructPlan> renamed_;  ///< when the route names arguments otherwise in the body
  std::unique_ptr<Overlay> overlay_;     ///< null: every argument comes from the JSON object
  bool json_object_ = true;              ///< the body is an object of arguments
  bool json_argument_ = false;           ///< the body is one argument
};

}  // namespace bascule::transcode
