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

void FlowAnswers::received(Performative code, std::uint16_t channel, Bytes items, bool begins) {
  Reader fields(items);
  switch (code) {
    case Performative::transfer:
      if (channel < next_incoming_id_.size()) ++next_incoming_id_[channel];
      if (!begins) return;
      if (Named* const link = receiving(channel, u32(fields))) ++link->second.delivery_count;
      return;
    case Performative::begin: return received_begin(channel, fields);
    case Performative::attach: return received_attach(channel, fields);
    case Performative::flow: return received_flow(channel, fields);
    case Performative::detach: return received_detach(channel, u32(fields));
    case Performative::end:
      std::erase_if(receivers_, [channel](const auto& link) { return link.first.first == channel; });
      if (channel < peer_sends_.size()) {
        for (std::uint32_t handle = 0; handle < peer_sends_[channel].size(); ++handle) received_detach(channel, handle);
      }
      echoed_sessions_.erase(channel);
      return;
    default: return;
  }
}

void FlowAnswers::received_begin(std::uint16_t channel, Reader fields) {
  if (channel >= next_incoming_id_.size()) next_incoming_id_.resize(channel + 1U);
  const auto answered = fields.unsigned_integer();  // our channel, when we began it
  next_incoming_id_[channel] = u32(fields);
  if (Session* const begun = answered ? session(static_cast<std::uint16_t>(*answered)) : nullptr) {
    begun->remote_channel = channel;
    begun->window_end = next_incoming_id_[channel] + begun->window;
  }
}

void FlowAnswers::received_attach(std::uint16_t channel, Reader fields) {
  const auto name = fields.text();
  const auto handle = u32(fields);
  if (!name) return;
  if (fields.boolean().value_or(false)) {
    receivers_[{channel, handle}] = *name;
    return;
  }
  for (int i = 0; i < 6; ++i) fields.skip();  // settle modes, termini, unsettled
  if (channel >= peer_sends_.size()) peer_sends_.resize(channel + 1U);
  auto& handles = peer_sends_[channel];
  if (handle >= handles.size()) handles.resize(handle + std::size_t{1});
  auto& link = *receiving_.try_emplace(std::string(*name)).first;
  if (link.second.peers) return;  // the name is attached already: the engine says so
  handles[handle] = &link;
  link.second.peers = {channel, handle};
  link.second.delivery_count = link.second.limit = u32(fields);
}

void FlowAnswers::received_flow(std::uint16_t channel, Reader fields) {
  for (int i = 0; i < 4; ++i) fields.skip();  // the session's
  const auto handle = fields.unsigned_integer();
  const auto count = fields.unsigned_integer(), credit = fields.unsigned_integer(),
             available = fields.unsigned_integer();
  const bool drain = fields.boolean().value_or(false), echo = fields.boolean().value_or(false);
  if (!handle) {
    if (echo) echoed_sessions_.insert(channel);
    return;
  }
  const Key key{channel, static_cast<std::uint32_t>(*handle)};
  if (Named* const link = receiving(key.first, key.second)) {
    if (count) link->second.delivery_count = static_cast<std::uint32_t>(*count);
    if (available) link->second.available = static_cast<std::uint32_t>(*available);
    if (echo) echoed_receiving_.insert(key);
    return;
  }
  const bool empty_drain = drain && credit.value_or(0) == 0;
  if (!empty_drain && !echo) return;
  if (const auto link = receivers_.find(key); link != receivers_.end()) {
    (empty_drain ? drained_ : echoed_).insert(link->second);
  }
}

void FlowAnswers::received_detach(std::uint16_t channel, std::uint32_t handle) {
  if (Named* const gone = receiving(channel, handle)) return peer_left(*gone);
  const auto link = receivers_.find({channel, handle});
  if (link == receivers_.end()) return;
  drained_.erase(link->second);
  echoed_.erase(link->second);
  receivers_.erase(link);
}

FlowAnswers::Named* FlowAnswers::receiving(std::uint16_t channel, std::uint32_t handle) const noexcept {
  return channel < peer_sends_.size() && handle < peer_sends_[channel].size() ? peer_sends_[channel][handle] : nullptr;
}

void FlowAnswers::peer_left(Named& link) {
  const auto [channel, handle] = *link.second.peers;
  peer_sends_[channel][handle] = nullptr;
  echoed_receiving_.erase({channel, handle});
  link.second.peers.reset();
  if (!link.second.ours) receiving_.erase(link.first);
}

void FlowAnswers::we_left(Named& link) {
  we_receive_.erase(*link.second.ours);
  link.second.ours.reset();
  if (!link.second.peers) receiving_.erase(link.first);
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
    case Performative::begin: return sent_begin(channel, fields);
    case Performative::attach: return sent_attach(channel, fields);
    case Performative::flow: return sent_flow(channel, fields);
    case Performative::detach: {
      const Key ended{channel, u32(fields)};
      std::erase_if(senders_, [&ended](const auto& link) { return link.second == ended; });
      if (const auto link = we_receive_.find(ended); link != we_receive_.end()) we_left(*link->second);
      return;
    }
    case Performative::end:
      if (channel < sessions_.size()) sessions_[channel].reset();
      std::erase_if(senders_, [channel](const auto& link) { return link.second.first == channel; });
      for (auto link = we_receive_.lower_bound({channel, 0});
           link != we_receive_.end() && link->first.first == channel;) {
        we_left(*(link++)->second);
      }
      return;
    case Performative::close: closed_ = true; return;
    default: return;
  }
}

void FlowAnswers::sent_begin(std::uint16_t channel, Reader fields) {
  const auto remote = fields.unsigned_integer();  // none: a session that we begin
  if (channel >= sessions_.size()) sessions_.resize(channel + 1U);
  Session& made = sessions_[channel].emplace();
  made.next_outgoing_id = u32(fields);
  made.window = u32(fields);
  if (!remote) return;
  made.remote_channel = static_cast<std::uint16_t>(*remote);
  made.window_end = next_incoming(*made.remote_channel) + made.window;
}

void FlowAnswers::sent_attach(std::uint16_t channel, Reader fields) {
  const auto name = fields.text();
  const Key key{channel, u32(fields)};
  if (!name) return;
  if (fields.boolean().value_or(false)) {
    auto& link = *receiving_.try_emplace(std::string(*name)).first;
    if (link.second.ours) we_receive_.erase(*link.second.ours);
    link.second.ours = key;
    we_receive_[key] = &link;
  } else {
    senders_[std::string(*name)] = key;
  }
}

void FlowAnswers::sent_flow(std::uint16_t channel, Reader fields) {
  const auto next = fields.unsigned_integer();
  const auto window = u32(fields);
  if (Session* const known = session(channel)) {
    known->window = window;
    if (next) known->window_end = static_cast<std::uint32_t>(*next) + window;
  }
  for (int i = 0; i < 2; ++i) fields.skip();  // what we send
  const auto handle = fields.unsigned_integer();
  if (!handle) return;
  const auto found = we_receive_.find({channel, static_cast<std::uint32_t>(*handle)});
  if (found == we_receive_.end()) return;
  Receiving& link = found->second->second;
  const auto count = fields.unsigned_integer();
  link.limit = static_cast<std::uint32_t>(count.value_or(link.delivery_count)) + u32(fields);
  fields.skip();  // available
  link.drain = fields.boolean().value_or(false);
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
    const auto [channel, handle] = found->second;
    const Session* const known = session(channel);
    const auto state = known != nullptr ? ask() : std::nullopt;
    if (state) add_frame(frames, channel, *known, handle, *state);
  }
  answers_.clear();
  for (const auto& [peers_channel, peers_handle] : echoed_receiving_) {
    const Named* const named = receiving(peers_channel, peers_handle);
    if (named == nullptr || !named->second.ours) continue;  // it was refused
    const Receiving& link = named->second;
    const auto [channel, handle] = *link.ours;
    const Session* const known = session(channel);
    if (known == nullptr) continue;
    // Serial numbers: a peer that sent more than it had credit for has none left.
    const auto left = static_cast<std::int32_t>(link.limit - link.delivery_count);
    add_frame(frames, channel, *known, handle,
              {.delivery_count = link.delivery_count,
               .credit = left > 0 ? static_cast<std::uint32_t>(left) : 0,
               .available = link.available,
               .drain = link.drain});
  }
  echoed_receiving_.clear();
  for (std::size_t channel = 0; channel < sessions_.size(); ++channel) {
    const auto& known = sessions_[channel];
    if (!known || !known->remote_channel || !echoed_sessions_.contains(*known->remote_channel)) continue;
    add_frame(frames, static_cast<std::uint16_t>(channel), *known, {}, {});
  }
  echoed_sessions_.clear();
  return frames;
}

void FlowAnswers::add_frame(std::string& frames, std::uint16_t channel, const Session& session,
                            std::optional<std::uint32_t> handle, const LinkState& state) const {
  const std::uint32_t incoming = session.remote_channel ? next_incoming(*session.remote_channel) : 0;
  std::string fields;
  Writer out(fields);
  out.uint(incoming);
  out.uint(session.window_end - incoming);
  out.uint(session.next_outgoing_id);
  out.uint(our_outgoing_window);
  if (handle) {
    out.uint(*handle);
    out.uint(state.delivery_count);
    out.uint(state.credit);
    out.uint(state.available);
    out.boolean(state.drain);
  }
  std::string frame("\0\0\0\0\2\0", 6);
  frame += static_cast<char>(channel >> 8);
  frame += static_cast<char>(channel & 0xff);
  Writer body(frame);
  body.descriptor(static_cast<std::uint8_t>(Performative::flow));
  body.list(handle ? 9 : 4, as_bytes(fields));
  for (std::size_t i = 0; i < 4; ++i) frame[i] = static_cast<char>(frame.size() >> (24 - 8 * i));
  frames += frame;
}

}  // namespace bascule::amqp
