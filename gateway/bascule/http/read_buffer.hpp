// ReadBuffer: the bytes a connection has received and not yet consumed, contiguous.
//
// What: read into space(), then commit(); data() is what is there; consume() drops from the front. Memory
// moves only in make_room() and clear(), so views into data() stay valid while neither is called. Thread
// safety: none of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace bascule::http {

class ReadBuffer {
 public:
  explicit ReadBuffer(std::size_t initial = 8 * 1024);

  std::string_view data() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }
  std::span<char> space() noexcept { return {bytes_.get() + end_, capacity_ - end_}; }
  void commit(std::size_t n) noexcept { end_ += n; }
  void consume(std::size_t n) noexcept { begin_ += n; }
  /// Moves the data to the front. When less than a quarter is free then, doubles the memory up to `maximum`;
  /// when little is left of a large message, gives its memory back.
  void make_room(std::size_t maximum);
  void clear() noexcept { begin_ = end_ = 0; }
  bool large() const noexcept { return capacity_ > initial_; }

 private:
  void move_to(std::size_t capacity);

  std::size_t initial_, capacity_, begin_ = 0, end_ = 0;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace bascule::http
