#include "bascule/amqp/flow_answers.hpp"

#include <algorithm>
#include <utility>

#include "bascule/amqp/reader.hpp"
#include "bascule/amqp/writer.hpp"

namespace bascule::amqp {
namespace {

// A frame's header, and the descriptor that tells its performative: 00 53 code.
constexpr std::size_t header_size = 8;
constexpr std::size_t front_size = header_size + 3;
constexpr std::uint32_t our_outgoing_window = 0x7fff'ffff;  // as the engine has it

std::uint32_t load(std::string_view bytes, std::size_t at, std::size_t width) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::uint32_t u32(Reader& fields) { return static_cast<std::uint32_t>(fields.unsigned_integer().value_or(0)); }

bool of_interest(std::uint8_t code) noexcept {
  switch (static_cast<Performative>(code)) {
    case Performative::begin:
    case Performative::attach:
    case Performative::flow:
    case Performative::detach:
    case Performative::end:
    case Performative::close: return true;
    default: return false;
  }
}

}  // namespace

void FlowAnswers::received(Performative code, std::uint16_t channel, Bytes items) {
  Reader fields(items);
  switch (code) {
    case Performative::transfer:
      if (channel < next_incoming_id_.size()) ++next_incoming_id_[channel];
      return;
    case Performative::begin:
      if (channel >= next_incoming_id_.size()) next_incoming_id_.resize(channel + 1U);
      fields.skip();  // remote-channel
      next_incoming_id_[channel] = u32(fields);
      return;
    case Performative::attach: {
      const auto name = fields.text();
      const auto handle = u32(fields);
      if (name && fields.boolean().value_or(false)) receivers_[{channel, handle}] = *name;
      return;
    }
    case Performative::flow: {
      for (int i = 0; i < 4; ++i) fields.skip();  // the session's
      const auto handle = fields.unsigned_integer();
      fields.skip();  // delivery-count
      const auto credit = fields.unsigned_integer();
      fields.skip();  // available
      const bool drain = fields.boolean().value_or(false), echo = fields.boolean().value_or(false);
      const bool empty_drain = drain && credit.value_or(0) == 0;
      if (!handle || (!empty_drain && !echo)) return;
      const auto link = receivers_.find({channel, static_cast<std::uint32_t>(*handle)});
      if (link != receivers_.end()) (empty_drain ? drained_ : echoed_).insert(link->second);
      return;
    }
    case Performative::detach: {
      const auto link = receivers_.find({channel, u32(fields)});
      if (link == receivers_.end()) return;
      drained_.erase(link->second);
      echoed_.erase(link->second);
      receivers_.erase(link);
      return;
    }
    case Performative::end:
      std::erase_if(receivers_, [channel](const auto& link) { return link.first.first == channel; });
      return;
    default: return;
  }
}

void FlowAnswers::written(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto skipped = std::min(to_skip_, bytes.size());
    bytes.remove_prefix(skipped);
    to_skip_ -= skipped;
    if (to_skip_ != 0 || bytes.empty()) return;
    // Of a frame that is not cut nothing is copied.
    if (partial_.empty() && bytes.size() >= header_size) {
      const std::size_t size = bytes.starts_with("AMQP") ? header_size : load(bytes, 0, 4);
      if (bytes.size() >= size) {
        written_frame(bytes.substr(0, size));
        bytes.remove_prefix(size);
        continue;
      }
    }
    const std::size_t known = partial_.size() < header_size ? header_size : load(partial_, 0, 4);
    const std::size_t wanted = partial_.size() < front_size && known > front_size ? front_size : known;
    const auto part = bytes.substr(0, wanted - partial_.size());
    partial_.append(part);
    bytes.remove_prefix(part.size());
    if (partial_.size() < header_size) return;
    const std::size_t size = partial_.starts_with("AMQP") ? header_size : load(partial_, 0, 4);
    const bool whole = partial_.size() == size;
    const bool skip = partial_.size() == front_size && !of_interest(static_cast<std::uint8_t>(partial_[10]));
    if (!whole && !skip) continue;
    written_frame(partial_);
    to_skip_ = size - partial_.size();
    partial_.clear();
  }
}

// `frame` is whole when it is of interest, and at least its front otherwise.
void FlowAnswers::written_frame(std::string_view frame) {
  if (frame.size() < front_size || frame.starts_with("AMQP")) return;  // the protocol's header, a heartbeat
  const auto channel = static_cast<std::uint16_t>(load(frame, 6, 2));
  const auto code = static_cast<Performative>(frame[10]);
  if (code == Performative::transfer) {
    if (Session* const known = session(channel)) ++known->next_outgoing_id;
    return;
  }
  if (!of_interest(static_cast<std::uint8_t>(code))) return;
  Reader reader(frame.substr(front_size));
  if (const auto list = reader.list()) sent(code, channel, list->items);
}

void FlowAnswers::sent(Performative code, std::uint16_t channel, Bytes items) {
  Reader fields(items);
  switch (code) {
    case Performative::begin: {
      const auto remote = fields.unsigned_integer();
      if (!remote) return;  // a session that we begin: as a client, which receives no drain
      if (channel >= sessions_.size()) sessions_.resize(channel + 1U);
      Session& made = sessions_[channel].emplace();
      made.remote_channel = static_cast<std::uint16_t>(*remote);
      made.next_outgoing_id = u32(fields);
      made.window_end = next_incoming(made.remote_channel) + u32(fields);
      return;
    }
    case Performative::attach: {
      const auto name = fields.text();
      const auto handle = u32(fields);
      if (name && !fields.boolean().value_or(false)) senders_[std::string(*name)] = {channel, handle};
      return;
    }
    case Performative::flow: {
      const auto next = u32(fields);
      if (Session* const known = session(channel)) known->window_end = next + u32(fields);
      return;
    }
    case Performative::detach: {
      const Key ended{channel, u32(fields)};
      std::erase_if(senders_, [&ended](const auto& link) { return link.second == ended; });
      return;
    }
    case Performative::end:
      if (channel < sessions_.size()) sessions_[channel].reset();
      std::erase_if(senders_, [channel](const auto& link) { return link.second.first == channel; });
      return;
    case Performative::close: closed_ = true; return;
    default: return;
  }
}

FlowAnswers::Session* FlowAnswers::session(std::uint16_t channel) noexcept {
  return channel < sessions_.size() && sessions_[channel] ? &*sessions_[channel] : nullptr;
}

std::uint32_t FlowAnswers::next_incoming(std::uint16_t remote_channel) const noexcept {
  return remote_channel < next_incoming_id_.size() ? next_incoming_id_[remote_channel] : 0;
}

bool FlowAnswers::take_empty_drain(std::string_view link) {
  return !drained_.empty() && drained_.erase(std::string(link)) != 0;
}

void FlowAnswers::answer(std::string_view link, std::uint32_t delivery_count) {
  answers_[std::string(link)] = [delivery_count] { return LinkState{.delivery_count = delivery_count, .drain = true}; };
}

bool FlowAnswers::take_echo(std::string_view link) { return !echoed_.empty() && echoed_.erase(std::string(link)) != 0; }

void FlowAnswers::answer_echo(std::string_view link, std::function<std::optional<LinkState>()> state) {
  answers_.emplace(link, std::move(state));  // a drain's answer answers this too
}

std::string FlowAnswers::take() {
  std::string frames;
  for (const auto& [link, ask] : answers_) {
    const auto found = senders_.find(link);
    if (found == senders_.end()) continue;
    const Session* const known = session(found->second.first);
    const auto state = known != nullptr ? ask() : std::nullopt;
    if (state) frames += frame_of(found->second, *known, *state);
  }
  answers_.clear();
  return frames;
}

std::string FlowAnswers::frame_of(const Key& link, const Session& session, const LinkState& state) const {
  const auto [channel, handle] = link;
  const std::uint32_t incoming = next_incoming(session.remote_channel);
  std::string fields;
  Writer out(fields);
  out.uint(incoming);
  out.uint(session.window_end - incoming);
  out.uint(session.next_outgoing_id);
  out.uint(our_outgoing_window);
  out.uint(handle);
  out.uint(state.delivery_count);
  out.uint(state.credit);
  out.uint(state.available);
  out.boolean(state.drain);
  std::string frame("\0\0\0\0\2\0", 6);
  frame += static_cast<char>(channel >> 8);
  frame += static_cast<char>(channel & 0xff);
  Writer body(frame);
  body.descriptor(static_cast<std::uint8_t>(Performative::flow));
  body.list(9, as_bytes(fields));
  for (std::size_t i = 0; i < 4; ++i) frame[i] = static_cast<char>(frame.size() >> (24 - 8 * i));
  return frame;
}

}  // namespace bascule::amqp
