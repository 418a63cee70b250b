// Composition: one aggregate being answered: its parts are called at once, or as soon as what they need is
// there, and merged.
//
// What: all parts share the exchange's deadline. When every part came, the answer is an object with a member
// a part and X-Gateway-Completed: true. When an optional part failed, its member is missing, `errors` says
// why, X-Gateway-Completed is false and nothing may store the answer. When a required part failed, its
// failure is the answer, at once. Bounds: Aggregate::max_parts calls; max_bytes of parts' JSON together.
// Parts are routes of contracts only: an aggregate never calls an aggregate. Lifetime: owned by the exchange.
// Thread safety: the loop's thread only.
#pragma once

#include <string>
#include <vector>

#include "bascule/gateway/exchange.hpp"
#include "bascule/gateway/method_call.hpp"

namespace bascule::gateway {

class Composition {
 public:
  static constexpr std::size_t max_bytes = 4 * 1024 * 1024;

  explicit Composition(Exchange& exchange);
  Step start();

 private:
  struct State {
    enum class Phase { waiting, open, ok, failed } phase = Phase::waiting;
    const Route* route = nullptr;
    std::string json;  ///< the result, or the problem document
    int status = 200;
    Clock::time_point sent;
  };

  /// Starts every part that has what it needs. False: the composition is over.
  bool launch_ready();
  void launch(std::size_t part);
  bool prepare(std::size_t part, rpc::OutgoingCall& call, Problem& problem);
  bool expand(std::size_t part, std::string& path, Problem& problem) const;
  void on_reply(std::size_t part, const rpc::Reply& reply);
  void failed(std::size_t part, const Problem& problem);
  bool over() const;
  bool required_failed() const;
  Step merge();
  Step fail_required();

  Exchange& exchange_;
  const Aggregate& aggregate_;
  std::vector<State> parts_;
  routing::Path path_;
  routing::Match match_;
  routing::Query query_;
  std::vector<transcode::Parameter> parameters_;
};

}  // namespace bascule::gateway
