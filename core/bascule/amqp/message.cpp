#include "bascule/amqp/message.hpp"

#include "bascule/amqp/writer.hpp"

namespace bascule::amqp {

void Header::encode(std::string& out) const {
  Writer writer(out);
  writer.section(Section::header);
  const auto mark = writer.begin_list();
  // `durable` is always written, as 0x41/0x42: RabbitMQ 3.x misreads the two-byte form, and 4.2 an absent one.
  writer.boolean(durable);
  std::uint32_t count = 1;
  if (priority != 4 || ttl || first_acquirer || delivery_count != 0) {
    writer.ubyte(priority);
    ttl ? writer.uint(*ttl) : writer.null();
    writer.boolean(first_acquirer);
    writer.uint(delivery_count);
    count = 5;
  }
  writer.end(mark, count);
}

std::optional<MessageView> MessageView::parse(std::string_view encoded) noexcept {
  MessageView view;
  Reader reader(encoded);
  view.after_delivery_annotations_ = encoded;
  std::optional<Section> previous;
  while (!reader.empty()) {
    const auto section_start = as_text(reader.rest());
    const auto section = reader.section();
    if (!section) return std::nullopt;
    // Sections come in order, and only data and sequence sections repeat.
    const bool repeats = *section == Section::data || *section == Section::amqp_sequence;
    if (previous && (*section < *previous || (*section == *previous && !repeats))) return std::nullopt;
    previous = section;
    const auto value = as_text(reader.value());
    if (value.empty()) return std::nullopt;
    switch (*section) {
      case Section::header: view.header_ = value; break;
      case Section::delivery_annotations: view.delivery_annotations_ = value; break;
      case Section::message_annotations: view.message_annotations_ = value; break;
      case Section::properties: view.properties_ = value; break;
      case Section::application_properties: view.application_properties_ = value; break;
      case Section::footer: break;
      default:
        if (view.body_.empty()) view.body_ = section_start;
    }
    if (*section <= Section::delivery_annotations) view.after_delivery_annotations_ = as_text(reader.rest());
  }
  return view;
}

Header MessageView::header() const noexcept {
  Header header;
  Reader outer(header_);
  const auto list = header_.empty() ? std::nullopt : outer.list();
  if (!list) return header;
  Reader items(list->items);
  std::uint32_t index = 0;
  const auto has = [&] { return index++ < list->count; };
  if (has()) header.durable = items.boolean().value_or(false);
  if (has()) header.priority = static_cast<std::uint8_t>(items.unsigned_integer().value_or(4));
  if (has()) {
    if (const auto ttl = items.unsigned_integer()) header.ttl = static_cast<std::uint32_t>(*ttl);
  }
  if (has()) header.first_acquirer = items.boolean().value_or(false);
  if (has()) header.delivery_count = static_cast<std::uint32_t>(items.unsigned_integer().value_or(0));
  return header;
}

Properties MessageView::properties() const noexcept {
  Properties properties;
  Reader outer(properties_);
  const auto list = properties_.empty() ? std::nullopt : outer.list();
  if (!list) return properties;
  Reader items(list->items);
  const auto id = [&] {
    const auto encoded = items.value();
    const bool null = encoded.size() == 1 && encoded[0] == static_cast<std::uint8_t>(Code::null);
    return null ? std::string_view() : as_text(encoded);
  };
  for (std::uint32_t field = 0; field < list->count && !items.failed(); ++field) {
    switch (field) {
      case 0: properties.message_id = id(); break;
      case 2: properties.to = items.text().value_or(""); break;
      case 3: properties.subject = items.text().value_or(""); break;
      case 4: properties.reply_to = items.text().value_or(""); break;
      case 5: properties.correlation_id = id(); break;
      case 6: properties.content_type = items.text().value_or(""); break;
      case 8: {
        const auto value = items.scalar();
        if (const auto* at = std::get_if<Timestamp>(&value)) properties.absolute_expiry_time = at->milliseconds;
        break;
      }
      case 10: properties.group_id = items.text().value_or(""); break;
      default: items.skip();
    }
  }
  return properties;
}

std::optional<Value> MessageView::lookup(std::string_view encoded, std::string_view name) noexcept {
  if (encoded.empty()) return std::nullopt;
  Reader outer(encoded);
  const auto map = outer.map();
  if (!map) return std::nullopt;
  Reader items(map->items);
  for (std::uint32_t i = 0; i + 1 < map->count && !items.failed(); i += 2) {
    const auto key = items.text();
    if (key && *key == name) return items.scalar();
    items.skip();
  }
  return std::nullopt;
}

std::optional<Value> MessageView::application_property(std::string_view name) const noexcept {
  return lookup(application_properties_, name);
}
std::optional<Value> MessageView::message_annotation(std::string_view name) const noexcept {
  return lookup(message_annotations_, name);
}
std::optional<Value> MessageView::delivery_annotation(std::string_view name) const noexcept {
  return lookup(delivery_annotations_, name);
}

std::string_view MessageView::body(std::string& scratch) const {
  Reader reader(body_);
  std::string_view first;
  scratch.clear();
  for (int part = 0; !reader.empty(); ++part) {
    const auto section = reader.section();
    if (!section || *section == Section::footer) break;
    const auto bytes = reader.bytes();
    if (!bytes) break;
    if (part == 0) {
      first = *bytes;
    } else {
      if (part == 1) scratch.assign(first);
      scratch.append(*bytes);
    }
  }
  return scratch.empty() ? first : std::string_view(scratch);
}

namespace {

void encode_map(Writer& writer, Section section, const std::vector<std::pair<std::string_view, Value>>& entries,
                bool symbols) {
  if (entries.empty()) return;
  writer.section(section);
  const auto mark = writer.begin_map();
  for (const auto& [key, value] : entries) {
    symbols ? writer.symbol(key) : writer.string(key);
    writer.value(value);
  }
  writer.end(mark, static_cast<std::uint32_t>(2 * entries.size()));
}

}  // namespace

void OutgoingMessage::encode(std::string& out) const {
  header.encode(out);
  Writer writer(out);
  encode_map(writer, Section::message_annotations, message_annotations, true);
  writer.section(Section::properties);
  const auto mark = writer.begin_list();
  const auto text = [&](std::string_view value) { value.empty() ? writer.null() : writer.string(value); };
  if (message_id_number) {
    writer.ulong(*message_id_number);
  } else {
    text(message_id);
  }
  writer.null();  // user-id
  text(to);
  text(subject);
  text(reply_to);
  if (correlation_number) {
    writer.ulong(*correlation_number);
  } else if (!correlation_id.empty()) {
    writer.raw(correlation_id);
  } else {
    writer.null();
  }
  std::uint32_t count = 6;
  if (!content_type.empty() || !group_id.empty() || absolute_expiry_time) {
    content_type.empty() ? writer.null() : writer.symbol(content_type);
    count = 7;
  }
  if (absolute_expiry_time || !group_id.empty()) {
    writer.null();  // content-encoding
    absolute_expiry_time ? writer.timestamp(*absolute_expiry_time) : writer.null();
    count = 9;
  }
  if (!group_id.empty()) {
    writer.null();  // creation-time
    writer.string(group_id);
    count = 11;
  }
  writer.end(mark, count);
  encode_map(writer, Section::application_properties, application_properties, false);
  writer.section(Section::data);
  writer.binary(body);
}

}  // namespace bascule::amqp
