// What a service without the transcoder does: nlohmann::json into a generated struct into Apache's compact
// protocol.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace bascule::bench {

class Peer {
 public:
  Peer();
  ~Peer();
  /// JSON -> nlohmann -> generated struct -> virtual TProtocol.
  std::string_view to_compact(std::string_view json);
  /// virtual TProtocol -> generated struct -> nlohmann -> JSON.
  std::string to_json(std::string_view compact);

  // The struct alone, which to_json() or to_compact() left behind.
  void write_virtual();
  void write_ours(std::string& out);
  void read_virtual(std::string_view compact);
  void read_ours(std::string_view compact);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// simdjson's On-Demand parse with every value touched: the floor of anything that reads JSON.
class ParseAlone {
 public:
  explicit ParseAlone(std::string_view json);
  ~ParseAlone();
  std::size_t run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bascule::bench
