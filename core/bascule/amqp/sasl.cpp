#include "bascule/amqp/sasl.hpp"

#include <algorithm>

#include "bascule/amqp/sasl_crypto.hpp"

namespace bascule::amqp {
namespace {

constexpr std::size_t max_frame = 1024;
constexpr std::string_view sasl_header("AMQP\x03\x01\x00\x00", 8), amqp_header("AMQP\x00\x01\x00\x00", 8);

std::size_t frame_size(std::string_view frame) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(frame[i]);
  return size;
}

}  // namespace

std::string_view to_string(Mechanism mechanism) noexcept {
  switch (mechanism) {
    case Mechanism::external: return "EXTERNAL";
    case Mechanism::scram_sha_256: return "SCRAM-SHA-256";
    case Mechanism::plain: return "PLAIN";
    case Mechanism::anonymous: break;
  }
  return "ANONYMOUS";
}

// A protocol header and a frame's header both have 8 bytes; the frame's says how many follow.
std::size_t SaslLayer::wanted() const noexcept {
  if (!greeted_ || input_.size() < 8) return 8;
  const auto size = frame_size(input_);
  return size <= max_frame ? std::max<std::size_t>(size, 8) : 8;  // one that is too large is refused at its header
}

std::size_t SaslLayer::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (state_ == State::talking && taken < bytes.size()) {
    const auto part = std::min(wanted() - input_.size(), bytes.size() - taken);
    input_.append(bytes.substr(taken, part));
    taken += part;
    if (input_.size() < wanted()) continue;
    if (greeted_ || input_ == sasl_header) {
      take_whole();
      wipe(input_);  // it may have held a password
    } else if (input_ == amqp_header) {
      on_header(false);
    } else {
      send_header();  // a peer that speaks something else is told what is spoken here (part 2, section 2.2)
      fail("the peer does not begin with an AMQP 1.0 protocol header; is it AMQP 0-9-1, TLS or HTTP?");
    }
  }
  return taken;
}

void SaslLayer::take_whole() {
  if (!greeted_) {
    greeted_ = true;
    on_header(true);
    return;
  }
  const auto size = frame_size(input_);
  const auto doff = static_cast<unsigned char>(input_[4]) * std::size_t{4};
  if (size != input_.size() || doff < 8 || doff > size || input_[5] != 1) {
    return fail("a frame that is no SASL frame, or larger than " + std::to_string(max_frame) + " bytes");
  }
  Reader reader(std::string_view(input_).substr(doff));
  const auto code = reader.descriptor();
  const auto list = reader.list();
  if (!code || *code < sasl::mechanisms || *code > sasl::outcome || !list || !reader.empty()) {
    return fail("a malformed SASL frame");
  }
  on_frame(static_cast<std::uint8_t>(*code), Reader(list->items), list->count);
}

void SaslLayer::send_header() { output_.append(sasl_header); }

void SaslLayer::add_frame(std::string_view body) {
  const auto size = static_cast<std::uint32_t>(8 + body.size());
  for (int shift = 24; shift >= 0; shift -= 8) output_.push_back(static_cast<char>(size >> shift));
  output_.append(std::string_view("\x02\x01\x00\x00", 4));
  output_.append(body);
}

void SaslLayer::fail(std::string why) {
  state_ = State::failed;
  error_ = std::move(why);
}

}  // namespace bascule::amqp
