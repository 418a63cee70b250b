// Feeds raw bytes to a MessageReader and writes down what came of it, for tests.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "bascule/http/message_reader.hpp"

namespace bascule::http::test {

/// Every request as "METHOD target [body]", then "400 rule" when refused or "..." when more is needed.
/// `step` bytes are given at a time.
inline std::string outcome(std::string_view raw, std::size_t step = 1 << 20, const Limits& limits = {}) {
  ReadBuffer buffer(64);
  MessageReader reader(limits, buffer);
  std::string result;
  const auto now = Clock::now();
  const auto take = [&] {
    while (reader.feed(now) == MessageReader::State::whole) {
      const Request& request = reader.request();
      result.append(request.method).append(" ").append(request.target);
      result.append(" [").append(request.body).append("] ");
      reader.next();
    }
  };
  while (!raw.empty() && reader.state() != MessageReader::State::refused) {
    buffer.make_room(reader.buffer_limit());
    const auto space = buffer.space();
    const std::size_t n = std::min({step, raw.size(), space.size()});
    if (n == 0) return result + "buffer full";
    std::memcpy(space.data(), raw.data(), n);
    buffer.commit(n);
    raw.remove_prefix(n);
    take();
  }
  if (reader.state() == MessageReader::State::refused) {
    return result + std::to_string(reader.rejection().status) + " " + std::string(reader.rejection().rule);
  }
  return reader.state() == MessageReader::State::idle ? result : result + "...";
}

}  // namespace bascule::http::test
