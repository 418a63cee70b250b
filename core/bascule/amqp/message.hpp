// The sections of an AMQP 1.0 message (part 3, section 3.2), read in place and written without a tree in between.
//
// MessageView splits encoded bytes into sections at once and decodes a section only when asked. OutgoingMessage is what
// this project sends: header, properties, application properties, one data section.
// Lifetime: views point into the bytes given to parse(). Thread safety: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bascule/amqp/reader.hpp"

namespace bascule::amqp {

struct Header {
  bool durable = false;
  std::uint8_t priority = 4;
  std::optional<std::uint32_t> ttl;  ///< milliseconds left
  bool first_acquirer = false;
  std::uint32_t delivery_count = 0;

  void encode(std::string& out) const;
};

/// Views into the message. Ids are kept as encoded values, so that any of the four id types is copied faithfully.
struct Properties {
  std::string_view message_id;  ///< encoded; empty when absent
  std::string_view to;
  std::string_view subject;
  std::string_view reply_to;
  std::string_view correlation_id;  ///< encoded; empty when absent
  std::string_view content_type;
  std::optional<std::int64_t> absolute_expiry_time;
  std::string_view group_id;
};

class MessageView {
 public:
  /// Splits `encoded` into sections; nullopt when it is no message (unknown section, truncated, out of order).
  static std::optional<MessageView> parse(std::string_view encoded) noexcept;

  Header header() const noexcept;
  Properties properties() const noexcept;
  /// The value of an application property; nullopt when absent.
  std::optional<Value> application_property(std::string_view name) const noexcept;
  std::optional<Value> message_annotation(std::string_view name) const noexcept;
  std::optional<Value> delivery_annotation(std::string_view name) const noexcept;
  /// Calls visit(std::string_view key, const Value&) for each application property.
  template <class Visit>
  void for_each_application_property(Visit&& visit) const {
    Reader reader(application_properties_);
    const auto map = reader.map();
    if (!map) return;
    Reader items(map->items);
    for (std::uint32_t i = 0; i + 1 < map->count && !items.failed(); i += 2) {
      const auto key = items.text();
      const auto value = items.scalar();
      if (key && !items.failed()) visit(*key, value);
    }
  }

  /// The body as bytes: the data section's, or of an amqp-value that is a binary or a string. Several data sections are
  /// joined in `scratch`.
  std::string_view body(std::string& scratch) const;

  /// Everything but the header and the delivery annotations: the part an intermediary must not change (section 3.2).
  std::string_view bare_and_annotations() const noexcept { return after_delivery_annotations_; }
  /// Raw map values; empty when the section is absent.
  std::string_view raw_message_annotations() const noexcept { return message_annotations_; }
  std::string_view raw_delivery_annotations() const noexcept { return delivery_annotations_; }
  std::string_view raw_application_properties() const noexcept { return application_properties_; }

 private:
  static std::optional<Value> lookup(std::string_view map, std::string_view name) noexcept;

  std::string_view header_, delivery_annotations_, message_annotations_, properties_, application_properties_;
  std::string_view body_;  // from the first body section to the end
  std::string_view after_delivery_annotations_;
};

/// A message to be sent. Views must stay valid until encode() returned.
struct OutgoingMessage {
  Header header;
  std::optional<std::uint64_t> message_id_number;
  std::string_view message_id;  ///< as a string; used when there is no number
  std::string_view to, subject, reply_to;
  std::string_view correlation_id;  ///< encoded value, copied
  std::optional<std::uint64_t> correlation_number;
  std::string_view content_type, group_id;
  std::optional<std::int64_t> absolute_expiry_time;  ///< milliseconds since the Unix epoch
  std::vector<std::pair<std::string_view, Value>> message_annotations;
  std::vector<std::pair<std::string_view, Value>> application_properties;
  std::string_view body;

  void encode(std::string& out) const;
};

}  // namespace bascule::amqp
