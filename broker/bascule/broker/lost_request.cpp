#include "bascule/broker/lost_request.hpp"

#include "bascule/broker/properties.hpp"

namespace bascule::broker {

std::optional<LostAnswer> answer_to_lost(Bytes request_body) {
  const auto idempotent = find_in_map(request_body, Section::application_properties, "bascule-idempotent");
  if (Reader(idempotent).boolean().value_or(false)) return {};
  const auto properties = read_properties(request_body);
  if (!properties || properties->reply_to.empty() || properties->correlation_id.empty()) return {};

  LostAnswer answer{.address = std::string(properties->reply_to), .message = {}};
  std::vector<std::uint8_t> items;
  Writer item(items);
  item.null();  // message-id
  item.null();  // user-id
  item.string(properties->reply_to);
  item.null();  // subject
  item.null();  // reply-to
  item.raw(properties->correlation_id);
  Writer out(answer.message);
  out.section(Section::properties);
  out.list(6, items);

  items.clear();
  item.string("bascule-error");
  item.string("unavailable");
  item.string("bascule-error-message");
  item.string("the instance that was serving this request is gone; it may or may not have had its effect");
  out.section(Section::application_properties);
  out.map(4, items);
  out.section(Section::data);
  out.binary({});
  return answer;
}

}  // namespace bascule::broker
