// SomeBuffers: the first few buffers of any sequence, which is all that an operation on "some" of it need take. One type for
// all sequences, so that what is called with it is no template.
// Thread safety: a value; what it points to is its caller's.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>

namespace bascule {

template <class Buffer>
class SomeBuffers {
 public:
  using value_type = Buffer;
  template <class Sequence>
  explicit SomeBuffers(const Sequence& sequence) {
    const auto end = boost::asio::buffer_sequence_end(sequence);
    for (auto each = boost::asio::buffer_sequence_begin(sequence); each != end && count_ < most; ++each) {
      if (const Buffer buffer = *each; buffer.size() > 0) buffers_[count_++] = buffer;
    }
  }
  const Buffer* begin() const noexcept { return buffers_.data(); }
  const Buffer* end() const noexcept { return buffers_.data() + count_; }

 private:
  // Beast gives one buffer a field of a message's head: enough for a message in one system call, and so in one packet.
  static constexpr std::size_t most = 32;
  std::array<Buffer, most> buffers_;
  std::size_t count_ = 0;
};

using SomeMutable = SomeBuffers<boost::asio::mutable_buffer>;
using SomeConst = SomeBuffers<boost::asio::const_buffer>;

}  // namespace bascule
