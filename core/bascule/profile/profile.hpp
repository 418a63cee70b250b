// Profile: how the platform's dialect is spoken to one broker.
//
// What: the platform asks for links in the words of docs/protocol.md (a queue, a topic, a reply node, ...); a profile says
// what has to be attached here, what must be declared before, and what messages carry. The data is broker/profiles/*.toml,
// embedded; this reads it. A broker is recognised by what its OPEN says of it.
// Errors: what a broker cannot do is a Plan with a refusal that names the feature and the broker.
// Lifetime: profiles live as long as the process. Thread safety: immutable.
// Source: AMQP 1.0 part 3; the brokers' own documentation; docs/brokers.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bascule::profile {

/// Something that must exist before a link is attached. Declaring twice what is the same changes nothing.
struct Declaration {
  enum class Kind : std::uint8_t { queue, exchange, binding };
  using Argument = std::variant<bool, std::int64_t, std::string>;
  Kind kind = Kind::queue;
  std::string name;         ///< of the queue or exchange; a binding's source exchange
  std::string destination;  ///< a binding's
  std::string key;          ///< a binding's
  std::string type;         ///< an exchange's: "topic"
  bool to_exchange = false, durable = false, exclusive = false, auto_delete = false;
  std::vector<std::pair<std::string, Argument>> arguments;
};

/// A link as the platform wants it.
struct Wish {
  std::string address;                    ///< in the platform's dialect; empty: a reply node, or the relay
  std::vector<std::string> capabilities;  ///< "queue", "topic", "shared", "global"
  std::string link;                       ///< its name; of a shared subscription "group|member"
  std::string unique;                     ///< a name that no other attachment has, for nodes of its own
  bool durable = false;                   ///< a subscription that outlives its link
  bool scheduled = false;                 ///< a sender of messages that are due later
};

/// A link as this broker wants it.
struct Plan {
  std::string refusal;  ///< not empty: it cannot be had here, and why
  std::vector<Declaration> declare;
  std::string address;
  std::string link;
  std::vector<std::string> capabilities;
  bool dynamic = false, durable = false;
  bool by_links = false;           ///< there is no relay: a link for each `to`
  bool unrouted_is_taken = false;  ///< `released` means that nobody has subscribed
  bool drains = true;              ///< false: a drain ends the connection; credit is taken back without one
};

enum class Management : std::uint8_t { none, amqp, http };

/// What messages carry, and how they come back.
struct MessageRules {
  std::string delay;  ///< annotation of the time at which a message is due; empty: by holding queues, or not at all
  bool delay_is_timestamp = false;  ///< otherwise a long: Artemis passes over any other type
  std::string duplicate_property;   ///< application property by which the broker drops a repeated message; empty: none
  bool absolute_expiry = false;     ///< the broker does not rewrite ttl: requests carry the time they end at, too
  bool redelivered_by_acquirer = false;  ///< redelivered is what is not `first-acquirer`, whatever the delivery-count
  bool redelivered_untold = false;       ///< nothing tells it reliably
};

/// What a settlement means on the wire. `done` is accepted and `retry` modified{delivery-failed} everywhere.
struct OutcomeRules {
  bool give_back_counts = false;  ///< no `released`: given back is modified
  std::string poison;             ///< condition of `rejected`, in place of the platform's; empty: its own
};

/// How a message that is due later is sent where no annotation does it.
struct Route {
  std::string to, subject;  ///< empty: as they would be
};

class Profile {
 public:
  /// The profiles of broker/profiles/.
  static const std::vector<Profile>& all();
  /// By the file's name: "rabbitmq-4"; nullptr when there is none.
  static const Profile* named(std::string_view name);
  static const Profile& embedded();
  /// From OPEN's properties and the host's name; a broker that nothing is known of is spoken to as the embedded one.
  static const Profile& recognise(std::string_view product, std::string_view version, std::string_view host);

  /// From a file's text; throws std::runtime_error with what is wrong and where.
  static Profile parse(std::string_view toml);

  const std::string& name() const noexcept { return name_; }
  const std::string& title() const noexcept { return title_; }
  Management management() const noexcept { return management_; }
  std::uint32_t max_credit() const noexcept { return max_credit_; }
  const MessageRules& message() const noexcept { return message_; }
  const OutcomeRules& outcomes() const noexcept { return outcomes_; }

  Plan source(const Wish& wish) const;
  Plan target(const Wish& wish) const;
  /// The way of a message to `topic` that is due after `delay`. nullopt when it is further ahead than this broker can hold.
  std::optional<Route> scheduled(std::string_view topic, std::chrono::milliseconds delay) const;

  /// "native", "built: ...", "partly: ..." or "no: ..."; "no" for a feature nobody has heard of.
  std::string_view support(std::string_view feature) const;
  /// Empty when the broker has the feature, otherwise the sentence that refuses it.
  std::string refusal(std::string_view feature) const;
  const std::map<std::string, std::string, std::less<>>& support() const noexcept { return support_; }

  /// What a kind of link needs here: the tables of a profile's file.
  struct Rule {
    std::optional<std::string> address, link;
    std::optional<std::vector<std::string>> capabilities;
    std::optional<bool> durable;
    bool dynamic = false, by_links = false, unrouted_is_taken = false, drains = true;
    std::string to, subject, holding;
    std::vector<Declaration> declare;
  };

 private:
  Profile() = default;
  Plan plan(std::string_view kind, const Wish& wish) const;

  std::string name_, title_, version_;
  std::vector<std::string> products_, hosts_;
  std::string encoding_;
  Management management_ = Management::none;
  std::uint32_t max_credit_ = 0xffffffff;
  MessageRules message_;
  OutcomeRules outcomes_;
  std::map<std::string, std::string, std::less<>> support_;
  std::map<std::string, Rule, std::less<>> rules_;
  friend class Parser;
};

}  // namespace bascule::profile
