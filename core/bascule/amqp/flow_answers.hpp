// FlowAnswers: the FLOW that a peer waits for when it drains a link without giving credit, or asks for an echo.
//
// AMQP 1.0 (2.6.7) lets a receiver set `drain` with any credit, and some clients (Azure's go-amqp) take their credit back
// that way and wait for the answer; and either side may with any FLOW, of a link or of the session, ask for one back
// (`echo`). Proton 0.37 answers a drain only while there is credit left, an echo never, and offers no other way to send
// FLOW from a sending link. So both directions are watched for what such a frame needs: channels, handles, windows,
// transfer ids, and of links of which we are the receiver the count of deliveries and the credit given. A pure state
// machine: frames in, frames out. Bound: channel-max times handle-max links.
// Thread safety: none of its own. Source: AMQP 1.0, 2.5.6 and 2.7.4.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bascule/amqp/reader.hpp"

namespace bascule::amqp {

/// Performatives, part 2 section 2.7.
enum class Performative : std::uint8_t { open = 0x10, begin, attach, flow, transfer, disposition, detach, end, close };

/// What a FLOW from a sending link tells of it.
struct LinkState {
  std::uint32_t delivery_count = 0, credit = 0, available = 0;
  bool drain = false;
};

class FlowAnswers {
 public:
  /// The peer sent this performative, whose fields are the items of a well-formed list. `begins`: a TRANSFER that is the
  /// first of its delivery.
  void received(Performative code, std::uint16_t channel, Bytes fields, bool begins = false);
  /// These bytes, the next of the stream, were written to the peer: AMQP's header and whole frames, cut anywhere.
  void written(std::string_view bytes);

  /// Whether the peer drained this link (of which we are the sender) without credit since this was asked last.
  bool take_empty_drain(std::string_view link);
  /// Answer it: the link's state is this delivery-count and no credit.
  void answer(std::string_view link, std::uint32_t delivery_count);
  /// Whether the peer asked for an echo on this link (of which we are the sender) since this was asked last.
  bool take_echo(std::string_view link);
  /// Answer it: `state` is asked when everything before was written; none: there is no telling then, and no answer.
  void answer_echo(std::string_view link, std::function<std::optional<LinkState>()> state);
  /// `state` of this link must not be asked any more.
  void forget(std::string_view link) {
    if (!answers_.empty()) answers_.erase(std::string(link));
  }
  bool pending() const noexcept {
    return (!answers_.empty() || !echoed_receiving_.empty() || !echoed_sessions_.empty()) && !closed_;
  }
  /// The frames of all answers. To be written next, when everything before it was: the ids in it are of that moment.
  std::string take();

 private:
  using Key = std::pair<std::uint16_t, std::uint32_t>;  // channel and handle
  struct Session {
    std::optional<std::uint16_t> remote_channel;  // none: we began it, and the peer has not answered
    std::uint32_t next_outgoing_id = 0;
    std::uint32_t window = 0;      // as we last said it
    std::uint32_t window_end = 0;  // the transfer id that the peer may not send any more
  };
  // A link of which we are the receiver: both ends have to be known before it can be answered for.
  struct Receiving {
    std::optional<Key> peers, ours;                              // it is gone when both are
    std::uint32_t delivery_count = 0, limit = 0, available = 0;  // limit: of delivery_count, by the credit given
    bool drain = false;
  };

  void written_frame(std::string_view frame);
  void sent(Performative code, std::uint16_t channel, Bytes fields);
  void received_begin(std::uint16_t channel, Reader fields);
  void received_attach(std::uint16_t channel, Reader fields);
  void received_flow(std::uint16_t channel, Reader fields);
  void received_detach(std::uint16_t channel, std::uint32_t handle);
  void sent_begin(std::uint16_t channel, Reader fields);
  void sent_attach(std::uint16_t channel, Reader fields);
  void sent_flow(std::uint16_t channel, Reader fields);
  using Named = std::pair<const std::string, Receiving>;
  Named* receiving(std::uint16_t channel, std::uint32_t handle) const noexcept;
  void peer_left(Named& link);
  void we_left(Named& link);
  Session* session(std::uint16_t channel) noexcept;
  std::uint32_t next_incoming(std::uint16_t remote_channel) const noexcept;
  void add_frame(std::string& frames, std::uint16_t channel, const Session& session,
                 std::optional<std::uint32_t> handle, const LinkState& state) const;

  std::vector<std::uint32_t> next_incoming_id_;  // by the peer's channel
  std::map<Key, std::string> receivers_;         // the peer's receiving links, by its handles
  std::unordered_set<std::string> drained_, echoed_;
  std::unordered_map<std::string, Receiving> receiving_;  // by name
  std::vector<std::vector<Named*>> peer_sends_;           // the same, by the peer's channel and handle
  std::map<Key, Named*> we_receive_;                      // the same, by ours
  std::set<Key> echoed_receiving_;                        // by the peer's channel and handle
  std::set<std::uint16_t> echoed_sessions_;               // by the peer's channel

  std::vector<std::optional<Session>> sessions_;  // by our channel
  std::unordered_map<std::string, Key> senders_;  // our sending links, by name
  std::unordered_map<std::string, std::function<std::optional<LinkState>()>> answers_;

  std::string partial_;  // of a frame being written: its front, or all of it when it is of interest
  std::size_t to_skip_ = 0;
  bool closed_ = false;
};

}  // namespace bascule::amqp
