// JSON -> compact and compact -> JSON of one order, beside what they are measured against.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bascule/transcode/value.hpp"
#include "transcode/measure.hpp"
#include "transcode/order.hpp"
#include "transcode/peers.hpp"

namespace {

using namespace bascule;
using bench::Contender;

constexpr int rounds = 5;
constexpr double budget_ns = 120e6;

volatile std::size_t sink;  ///< results go here, so that the work is not optimised away

void print(const char* name, const std::vector<Contender>& contenders, bool last) {
  const auto rate = [](const Contender& contender) { return 1e9 / bench::quantile(contender.wall, 0.5); };
  const Contender& ours = contenders.front();
  std::printf(
      "  {\"name\": \"%s\", \"unit\": \"messages/s\", \"value\": %.0f, \"p50_us\": %.4f, \"p99_us\": %.4f, "
      "\"cpu_us\": %.4f,\n",
      name, rate(ours), bench::quantile(ours.batches, 0.5) / 1e3, bench::quantile(ours.batches, 0.99) / 1e3,
      bench::quantile(ours.cpu, 0.5) / 1e3);
  for (const char* part : {"peers", "ratio"}) {
    std::printf("   \"%s\": {", part);
    for (std::size_t i = 1; i < contenders.size(); ++i) {
      const bool peers = part[0] == 'p';
      std::printf("%s\"%s\": %.*f", i == 1 ? "" : ", ", contenders[i].name.c_str(), peers ? 0 : 2,
                  peers ? rate(contenders[i]) : rate(ours) / rate(contenders[i]));
    }
    std::printf("}%s", part[0] == 'p' ? ",\n" : "");
  }
  std::printf("}%s\n", last ? "" : ",");
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "bench_transcode: %s\n", what.c_str());
  std::exit(1);
}

}  // namespace

int main() {
  const auto schema =
      transcode::Schema::make(std::make_shared<thrift::Descriptor>(thrift::Descriptor::parse(bench::order_descriptor)));
  const transcode::TypePlan& order = *schema->type("bench.Order");
  transcode::Workspace workspace;
  transcode::Problem problem;
  bench::Peer peer;
  bench::ParseAlone parse(bench::order_json);

  // Everyone must have done the same work before anyone is timed.
  std::string compact, json;
  if (!transcode::json_to_value(order, bench::order_json, workspace, compact, problem)) die(problem.what);
  if (!transcode::value_to_json(order, compact, json, problem)) die(problem.what);
  if (json != bench::order_json) die("the order does not round-trip: " + json);
  if (peer.to_compact(bench::order_json) != compact) die("the peer's bytes differ from ours");
  std::fprintf(stderr, "order: %zu bytes of JSON, %zu bytes compact\n", bench::order_json.size(), compact.size());

  std::string bytes, text;
  const auto ours_in = [&] {
    bytes.clear();
    if (!transcode::json_to_value(order, bench::order_json, workspace, bytes, problem)) die(problem.what);
    sink = bytes.size();
  };
  const auto ours_out = [&] {
    text.clear();
    if (!transcode::value_to_json(order, compact, text, problem)) die(problem.what);
    sink = text.size();
  };
  std::vector<Contender> in{
      {"ours", ours_in, {}, {}, {}},
      {"nlohmann + libthrift", [&] { sink = peer.to_compact(bench::order_json).size(); }, {}, {}, {}},
      {"simdjson parse alone", [&] { sink = parse.run(); }, {}, {}, {}}};
  std::vector<Contender> out{{"ours", ours_out, {}, {}, {}},
                             {"nlohmann + libthrift", [&] { sink = peer.to_json(compact).size(); }, {}, {}, {}},
                             {"simdjson parse alone", [&] { sink = parse.run(); }, {}, {}, {}}};
  std::vector<Contender> write{{"ours", [&] { peer.write_ours(bytes); }, {}, {}, {}},
                               {"libthrift virtual", [&] { peer.write_virtual(); }, {}, {}, {}}};
  std::vector<Contender> read{{"ours", [&] { peer.read_ours(compact); }, {}, {}, {}},
                              {"libthrift virtual", [&] { peer.read_virtual(compact); }, {}, {}, {}}};
  for (auto* contest : {&in, &out, &write, &read}) bench::compete(*contest, rounds, budget_ns);
  std::printf("[\n");
  print("transcode JSON -> compact", in, false);
  print("transcode compact -> JSON", out, false);
  print("generated struct -> compact", write, false);
  print("compact -> generated struct", read, true);
  std::printf("]\n");
}
