#include "bascule/amqp/conversation.hpp"

namespace bascule::amqp {
namespace {

constexpr const char* decode = "amqp:decode-error";
constexpr const char* not_allowed = "amqp:not-allowed";
constexpr const char* illegal_state = "amqp:illegal-state";
constexpr const char* unattached = "amqp:session:unattached-handle";

// Part 2, section 2.7.
enum : std::uint8_t {
  open_code = 0x10,
  begin_code,
  attach_code,
  flow_code,
  transfer_code,
  disposition_code,
  detach_code,
  end_code,
  close_code
};

// Reads fields of a list that may end early; what is missing reads as null.
bool flag(Reader& fields) noexcept { return !fields.empty() && fields.boolean().value_or(false); }
std::optional<std::uint64_t> number(Reader& fields) noexcept {
  return fields.empty() ? std::nullopt : fields.unsigned_integer();
}
void skip(Reader& fields) noexcept {
  if (!fields.empty()) fields.skip();
}

}  // namespace

GuardError Conversation::take(std::uint8_t code, std::uint16_t channel, const Reader::Compound& list) {
  const Reader fields(list.items);
  if (closed_) return {illegal_state, "a frame after CLOSE"};
  if (code == open_code) return open(fields);
  if (!opened_) return {illegal_state, "a frame before OPEN"};
  if (code == close_code) {
    closed_ = true;
    return {};
  }
  if (channel > limits_.channel_max) {
    return {not_allowed,
            "channel " + std::to_string(channel) + "; channel-max is " + std::to_string(limits_.channel_max)};
  }
  if (channel >= sessions_.size()) sessions_.resize(channel + std::size_t{1});
  auto& session = sessions_[channel];
  if (code == begin_code) return begin(session);
  if (!session.begun)
    return {illegal_state, "a frame on channel " + std::to_string(channel) + ", which has no session"};
  switch (code) {
    case transfer_code: return transfer(session, fields);
    case attach_code: return attach(session, fields, list.count);
    case flow_code: return flow(session, fields, list.count);
    case disposition_code: return disposition(fields, list.count);
    case detach_code: return detach(session, fields);
    case end_code: session = {}; return {};
    default: return {decode, "no performative"};
  }
}

GuardError Conversation::open(Reader fields) {
  if (opened_) return {illegal_state, "a second OPEN"};
  opened_ = true;
  const auto container = fields.empty() ? std::nullopt : fields.text();
  if (!container || container->size() > limits_.max_name) {
    return {decode, "OPEN without a container-id of at most " + std::to_string(limits_.max_name) + " bytes"};
  }
  skip(fields);  // hostname
  if (const auto size = number(fields); size && *size < 512) {
    return {not_allowed, "OPEN with max-frame-size " + std::to_string(*size) + "; it is at least 512"};
  }
  skip(fields);  // channel-max
  if (const auto idle = number(fields); idle && *idle != 0 && *idle < limits_.min_idle_timeout) {
    return {not_allowed, "OPEN with idle-time-out " + std::to_string(*idle) + " ms; at least " +
                             std::to_string(limits_.min_idle_timeout) + " ms are supported"};
  }
  return {};
}

GuardError Conversation::begin(Session& session) {
  if (session.begun) return {illegal_state, "BEGIN on a channel that has a session"};
  session.begun = true;
  return {};
}

GuardError Conversation::attach(Session& session, Reader fields, std::uint32_t count) {
  const auto name = fields.empty() ? std::nullopt : fields.text();
  const auto handle = number(fields);
  const auto role = fields.empty() ? std::nullopt : fields.boolean();
  if (!name || name->size() > limits_.max_name || !handle || !role || count < 3) {
    return {decode, "ATTACH without role, handle, or a name of at most " + std::to_string(limits_.max_name) + " bytes"};
  }
  if (*handle > limits_.handle_max) {
    return {not_allowed,
            "ATTACH with handle " + std::to_string(*handle) + "; handle-max is " + std::to_string(limits_.handle_max)};
  }
  if (*handle >= session.handles.size()) session.handles.resize(*handle + 1);
  auto& state = session.handles[*handle];
  if (state != free) return {"amqp:session:handle-in-use", "ATTACH with a handle that is attached"};
  state = *role ? receiver : sender;
  return {};
}

GuardError Conversation::flow(const Session& session, Reader fields, std::uint32_t count) const {
  skip(fields);  // next-incoming-id: null before the peer has seen our BEGIN
  for (const auto* name : {"incoming-window", "next-outgoing-id", "outgoing-window"}) {
    if (!number(fields)) return {decode, std::string("FLOW without ") + name};
  }
  const auto handle = count > 4 ? number(fields) : std::nullopt;
  if (handle && (*handle >= session.handles.size() || session.handles[*handle] == free)) {
    return {unattached, "FLOW of a handle that is not attached"};
  }
  return {};
}

std::uint8_t* Conversation::attached(Session& session, std::optional<std::uint64_t> handle) const noexcept {
  if (!handle || *handle >= session.handles.size()) return nullptr;
  auto& state = session.handles[*handle];
  return state == free ? nullptr : &state;
}

GuardError Conversation::transfer(Session& session, Reader fields) {
  auto* const state = attached(session, number(fields));
  if (state == nullptr || (*state & sender) == 0)
    return {unattached, "TRANSFER on a handle that no sender has attached"};
  const bool has_id = number(fields).has_value();
  const auto tag = fields.empty() ? std::nullopt : fields.bytes();
  if (tag && tag->size() > 32) return {decode, "TRANSFER with a delivery-tag over 32 bytes"};
  skip(fields);        // message-format
  (void)flag(fields);  // settled
  bool more = flag(fields);
  skip(fields);  // rcv-settle-mode
  skip(fields);  // state
  // The engine would take it for a new delivery, and what is left of its message for the whole.
  if (flag(fields)) {
    return {"amqp:not-implemented",
            "TRANSFER with resume: links are not resumed, as ATTACH without an unsettled map has said"};
  }
  if (flag(fields)) more = false;  // aborted
  begins_ = (*state & in_delivery) == 0;
  if (begins_ && (!has_id || !tag)) {
    return {decode, "the first TRANSFER of a delivery without delivery-id or delivery-tag"};
  }
  *state = more ? sender | in_delivery : sender;
  return {};
}

GuardError Conversation::disposition(Reader fields, std::uint32_t count) const {
  const auto role = fields.empty() ? std::nullopt : fields.boolean();
  const auto first = number(fields);
  if (!role || !first) return {decode, "DISPOSITION without role or `first`"};
  const auto last = count > 2 ? number(fields).value_or(*first) : *first;
  // Serial numbers wrap (RFC 1982): the span is what counts.
  const auto span = static_cast<std::uint32_t>(last) - static_cast<std::uint32_t>(*first);
  if (span >= limits_.max_disposition) {
    return {not_allowed, "DISPOSITION of " + std::to_string(std::uint64_t{span} + 1) + " deliveries; at most " +
                             std::to_string(limits_.max_disposition)};
  }
  return {};
}

GuardError Conversation::detach(Session& session, Reader fields) {
  auto* const state = attached(session, number(fields));
  if (state == nullptr) return {unattached, "DETACH of a handle that is not attached"};
  *state = free;
  return {};
}

}  // namespace bascule::amqp
