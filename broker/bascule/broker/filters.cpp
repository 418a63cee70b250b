#include "bascule/broker/filters.hpp"

namespace bascule::broker {
namespace {

constexpr std::uint64_t selector_code = 0x0000'468C'0000'0004, no_local_code = 0x0000'468C'0000'0003;
constexpr std::string_view selector_name = "apache.org:selector-filter:string",
                           no_local_name = "apache.org:no-local-filter:list";

std::string_view view(pn_bytes_t bytes) noexcept { return {bytes.start, bytes.size}; }

bool described_as(pn_data_t* data, std::uint64_t code, std::string_view name) noexcept {
  switch (pn_data_type(data)) {
    case PN_ULONG: return pn_data_get_ulong(data) == code;
    case PN_SYMBOL: return view(pn_data_get_symbol(data)) == name;
    default: return false;
  }
}

// Inside a described value.
LinkError read_filter(pn_data_t* data, const std::string& key, Filters& into) {
  if (!pn_data_next(data)) return {};
  if (described_as(data, no_local_code, no_local_name)) {
    into.no_local = true;
    into.no_local_key = key;
    return {};
  }
  if (!described_as(data, selector_code, selector_name) || !pn_data_next(data)) return {};
  if (pn_data_type(data) != PN_STRING) return {"amqp:invalid-field", "a selector filter must be a string"};
  const std::string_view text = view(pn_data_get_string(data));
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};  // JMS: no selector
  try {
    into.selector = std::make_shared<const Selector>(text);
    into.selector_key = key;
  } catch (const SelectorError& error) {
    return {"amqp:invalid-field", error.what()};
  }
  return {};
}

void put_filter(pn_data_t* data, const std::string& key, std::uint64_t code) {
  pn_data_put_symbol(data, pn_bytes(key.size(), key.data()));
  pn_data_put_described(data);
  pn_data_enter(data);
  pn_data_put_ulong(data, code);
}

}  // namespace

LinkError read_filters(pn_terminus_t* source, Filters& into) {
  pn_data_t* data = pn_terminus_filter(source);
  pn_data_rewind(data);
  if (!pn_data_next(data) || pn_data_type(data) != PN_MAP || !pn_data_enter(data)) return {};
  while (pn_data_next(data)) {
    const std::string key(pn_data_type(data) == PN_SYMBOL ? view(pn_data_get_symbol(data)) : std::string_view{});
    if (!pn_data_next(data)) break;
    if (key.empty() || pn_data_type(data) != PN_DESCRIBED || !pn_data_enter(data)) continue;
    if (auto error = read_filter(data, key, into); error.condition != nullptr) return error;
    pn_data_exit(data);
  }
  return {};
}

void echo_filters(const Filters& applied, pn_terminus_t* source) {
  pn_data_t* data = pn_terminus_filter(source);
  pn_data_clear(data);
  if (!applied.selector && !applied.no_local) return;
  pn_data_put_map(data);
  pn_data_enter(data);
  if (applied.selector) {
    const std::string& text = applied.selector->text();
    put_filter(data, applied.selector_key, selector_code);
    pn_data_put_string(data, pn_bytes(text.size(), text.data()));
    pn_data_exit(data);
  }
  if (applied.no_local) {
    put_filter(data, applied.no_local_key, no_local_code);
    pn_data_put_list(data);
    pn_data_exit(data);
  }
  pn_data_exit(data);
}

}  // namespace bascule::broker
