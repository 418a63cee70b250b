#include "bascule/thrift/sink.hpp"

#include <algorithm>

namespace bascule::thrift {

// resize() clears what it adds, so a reused large string is taken in steps, not whole.
void Sink::grow(std::size_t n) {
  const std::size_t used = size();
  const std::size_t step = std::max({n + 64, used, std::size_t{448}});
  out_.resize(std::max(used + step, std::min(out_.capacity(), used + 1024)));
  cur_ = out_.data() + used;
  end_ = out_.data() + out_.size();
}

}  // namespace bascule::thrift
