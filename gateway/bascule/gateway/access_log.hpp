// AccessLog: one JSON line a request, gathered and handed to the writer once a turn of the loop.
//
// What: a line says what came, what was answered, how long each part took, and flags for why it went as it
// did:
//   NR no route, UH the service is down, UF the call could not be made, UT the deadline passed, UR the reply
//   was broken, UO too many open calls, DPE not HTTP that is served, DI input refused, UAEX not authorised,
//   DC the client was gone, PA parts of an aggregate are missing. Words are Envoy's where Envoy has one.
// Bounds: the text of a turn, and the writer's; a client's own text is cut at 1 KiB a field. Errors: a line that cannot be
// written is lost and counted. Thread safety: the loop's thread only. Lifetime: the writer outlives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bascule/gateway/line_writer.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::gateway {

struct AccessRecord {
  std::string_view method, path, route, service, client, user_agent, request_id, trace_id;
  std::string_view flags;   ///< "DI"; empty: as it should be
  std::string_view code;    ///< the problem's code; empty: none
  std::string_view detail;  ///< the problem's sentence
  int status = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  double seconds = 0;          ///< from the request's first byte
  double service_seconds = 0;  ///< of them waiting for services
};

class AccessLog final : public EndOfTurn {
 public:
  AccessLog(Loop& loop, LineWriter& writer) : loop_(loop), writer_(writer) {}
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  void add(const AccessRecord& record);
  void end_of_turn() override;

 private:
  void stamp();

  Loop& loop_;
  LineWriter& writer_;
  std::string lines_;
  std::uint64_t count_ = 0;  ///< lines in it
  std::int64_t second_ = -1;
  std::string second_text_;  ///< "2026-01-02T03:04:05."
  bool asked_ = false;
};

/// The line without its time stamp.
void append_line(std::string& out, const AccessRecord& record);

}  // namespace bascule::gateway
