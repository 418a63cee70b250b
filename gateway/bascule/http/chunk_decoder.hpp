// ChunkDecoder: a chunked body's raw bytes in, its data out, strictly.
//
// Why not Beast's: chunk sizes, chunk extensions and trailers are where parsers differ most. Beast 1.81 takes
// any byte inside a quoted extension, merges trailers into the header, bounds neither, and its assertion (n
// >= 5) fails on a last chunk that comes in pieces. This one takes sizes of hexadecimal digits, extensions of
// tokens and clean quoted strings within a bound, and trailers that neither frame, route nor authorise;
// extensions and trailers are dropped. What: feed() takes the bytes after those it has consumed. Thread
// safety: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bascule/http/limits.hpp"
#include "bascule/http/rejection.hpp"

namespace bascule::http {

class ChunkDecoder {
 public:
  enum class State {
    need_more,  ///< all bytes given were consumed, or wait for the rest of a line
    done,       ///< the body ended after the bytes consumed
    refused,    ///< rejection() says why
  };

  explicit ChunkDecoder(const Limits& limits) : limits_(&limits) {}

  /// Consumes from the front of `bytes` and appends the data to `body`; `consumed` tells how many. What it
  /// leaves must be given again, with more.
  State feed(std::string_view bytes, std::size_t& consumed, std::string& body);
  const Rejection& rejection() const noexcept { return rejection_; }

 private:
  enum class Part {
    size_line,  ///< expects a chunk-size line
    data,       ///< left_ bytes of a chunk
    data_end,   ///< the CR LF behind them
    trailer,    ///< a trailer line, or the empty line that ends the message
  };

  State refuse(const Rejection& rejection);
  bool size_line(std::string_view line);
  bool extensions(std::string_view text);
  bool trailer_line(std::string_view line);
  State line(std::string_view bytes, std::size_t& consumed);

  const Limits* limits_;
  Rejection rejection_;
  Part part_ = Part::size_line;
  std::uint64_t left_ = 0, total_ = 0;
  std::size_t extension_bytes_ = 0, trailer_bytes_ = 0;
};

}  // namespace bascule::http
