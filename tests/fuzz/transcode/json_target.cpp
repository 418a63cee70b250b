// JSON of any kind into a method's arguments and a struct of every type: a Problem, or bytes that are read
// back.
#include "fuzz/transcode/target.hpp"

namespace bascule::transcode::fuzz {

void one_input(std::string_view input) {
  static Workspace workspace;
  for (const bool ignore_unknown : {false, true}) {
    const Options options{.ignore_unknown = ignore_unknown};
    std::string bytes, json;
    Problem problem;
    if (!json_to_value(everything(), input, workspace, bytes, problem, options)) {
      require(problem.wrong != Wrong::none && !problem.what.empty());
      continue;
    }
    require(value_to_json(everything(), bytes, json, problem, options));
    require(bytes.size() <= 4 * input.size() + 64);
  }
}

}  // namespace bascule::transcode::fuzz
