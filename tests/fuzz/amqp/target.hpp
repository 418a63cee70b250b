// What the AMQP fuzz targets share. A target is one function; libFuzzer or replay.cpp calls it.
#pragma once

#include <proton/event.h>

#include <cstdlib>
#include <string_view>

#include "bascule/amqp/engine.hpp"

namespace bascule::amqp::fuzz {

void one_input(std::string_view input);

/// Ends the process: a broken promise is a finding.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Gives the bytes to the engine in pieces whose sizes depend on them, and takes what it answers. Counts remote OPENs.
int exchange(Engine& engine, std::string_view input);

inline int exchange(Engine& engine, std::string_view input) {
  int opened = 0;
  const auto turn = [&] {
    for (int round = 0; round < 4; ++round) {
      while (pn_event_t* const event = engine.next_event()) {
        if (pn_event_type(event) == PN_CONNECTION_REMOTE_OPEN) ++opened;
      }
      const auto out = engine.write_buffer();
      if (out.empty()) break;
      engine.write_done(out.size());
    }
  };
  turn();
  while (!input.empty()) {
    const auto size = std::min<std::size_t>(input.size(), 1 + static_cast<unsigned char>(input[0]) % 64);
    const bool taken = engine.push(input.substr(0, size));
    input.remove_prefix(size);
    turn();
    if (!taken) break;
  }
  engine.read_close();
  turn();
  return opened;
}

}  // namespace bascule::amqp::fuzz
