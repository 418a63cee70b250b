#include "bascule/http/read_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace bascule::http {

ReadBuffer::ReadBuffer(std::size_t initial)
    : initial_(initial), capacity_(initial), bytes_(std::make_unique_for_overwrite<char[]>(initial)) {}

void ReadBuffer::move_to(std::size_t capacity) {
  auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(bytes.get(), bytes_.get() + begin_, end_ - begin_);
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

void ReadBuffer::make_room(std::size_t maximum) {
  const std::size_t size = end_ - begin_;
  if (capacity_ - size < capacity_ / 4 && capacity_ < maximum) {
    move_to(std::min(capacity_ * 2, maximum));
  } else if (large() && size < initial_ / 2) {
    move_to(initial_);
  } else if (begin_ != 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, size);
  }
  begin_ = 0;
  end_ = size;
}

}  // namespace bascule::http
