// Bytes of any kind as a compact struct of every type: a Problem, or JSON that the same contract accepts and
// that comes back the same.
#include "fuzz/transcode/target.hpp"

namespace bascule::transcode::fuzz {

void one_input(std::string_view input) {
  static Workspace workspace;
  std::string json, bytes, again;
  Problem problem;
  if (!value_to_json(everything(), input, json, problem)) {
    require(problem.wrong != Wrong::none && !problem.what.empty() && problem.offset <= input.size());
    return;
  }
  if (!json_to_value(everything(), json, workspace, bytes, problem)) {
    require(problem.wrong == Wrong::check ||
            problem.wrong == Wrong::size);  // a service may answer what a client may not send
    return;
  }
  require(value_to_json(everything(), bytes, again, problem) && again == json);
}

}  // namespace bascule::transcode::fuzz
