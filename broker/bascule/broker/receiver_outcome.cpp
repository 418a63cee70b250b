#include "bascule/broker/receiver_outcome.hpp"

#include <proton/codec.h>
#include <proton/condition.h>

#include <algorithm>

namespace bascule::broker {
namespace {

std::string_view text(const char* text) noexcept { return text == nullptr ? std::string_view{} : text; }

// Milliseconds from now until when; none when this annotation says nothing about it.
std::optional<std::int64_t> wait_of(std::string_view key, Bytes value, std::int64_t wall_now) noexcept {
  const bool moment = key == "x-opt-delivery-time" || key == "x-opt-scheduled-enqueue-time";
  if (!moment && key != "x-opt-delivery-delay") return {};
  const auto given = Reader(value).signed_integer().value_or(0);
  constexpr std::int64_t longest = std::int64_t{366} * 24 * 3600 * 1000;
  return std::clamp<std::int64_t>(moment ? std::max<std::int64_t>(given, 0) - wall_now : given, 0, longest);
}

void note_error(std::string_view condition, std::string_view description, ReceiverOutcome& into) {
  into.condition = condition;
  into.description = description;
  into.outcome.condition = into.condition;
  into.outcome.description = into.description;
}

void read_annotations(Bytes map, Time now, std::int64_t wall_now, ReceiverOutcome& into) {
  std::uint32_t count = 0;
  Reader items = Reader(map).items(count);
  for (; count >= 2 && !items.failed(); count -= 2) {
    const auto key = items.text();
    const Bytes value = items.value();
    if (!key || value.empty()) continue;
    if (const auto wait = wait_of(*key, value, wall_now)) {
      if (*wait > 0)
        into.outcome.not_before = std::max(into.outcome.not_before, now + std::chrono::milliseconds(*wait));
    } else if (*key == "x-opt-delivery-error") {
      note_error({}, Reader(value).text().value_or(""), into);
    } else {
      into.annotations.encoded(*key, value);
    }
  }
  if (into.annotations.count > 0) into.outcome.annotations = &into.annotations;
}

}  // namespace

std::optional<Outcome::Kind> outcome_kind(std::uint64_t state, bool settled) noexcept {
  switch (state) {
    case PN_ACCEPTED: return Outcome::Kind::accepted;
    case PN_RELEASED: return Outcome::Kind::released;
    case PN_MODIFIED: return Outcome::Kind::modified;
    case PN_REJECTED: return Outcome::Kind::rejected;
    default: break;
  }
  if (settled) return Outcome::Kind::released;
  return {};
}

void read_outcome(pn_disposition_t* disposition, Outcome::Kind kind, Time now, std::int64_t wall_now,
                  ReceiverOutcome& into) {
  into.outcome.kind = kind;
  if (kind == Outcome::Kind::rejected) {
    pn_condition_t* error = pn_disposition_condition(disposition);
    note_error(text(pn_condition_get_name(error)), text(pn_condition_get_description(error)), into);
  }
  if (kind != Outcome::Kind::modified) return;
  into.outcome.delivery_failed = pn_disposition_is_failed(disposition);
  into.outcome.undeliverable_here = pn_disposition_is_undeliverable(disposition);
  read_annotations(encoded(pn_disposition_annotations(disposition)), now, wall_now, into);
}

void read_outcome(Bytes fields, Outcome::Kind kind, Time now, std::int64_t wall_now, ReceiverOutcome& into) {
  into.outcome.kind = kind;
  std::uint32_t count = 0;
  Reader list = Reader(fields).items(count);
  if (kind == Outcome::Kind::rejected && count > 0) {
    const Bytes error = list.value();
    Reader inside(error);
    if (error.size() < 2 || error[0] != 0 || !inside.descriptor()) return;
    Reader parts = inside.items(count);
    const auto condition = parts.text().value_or("");
    note_error(condition, parts.text().value_or(""), into);
  }
  if (kind != Outcome::Kind::modified) return;
  if (count > 0) into.outcome.delivery_failed = list.boolean().value_or(false);
  if (count > 1) into.outcome.undeliverable_here = list.boolean().value_or(false);
  if (count > 2) read_annotations(list.value(), now, wall_now, into);
}

std::vector<std::uint8_t> encoded(pn_data_t* data) {
  pn_data_rewind(data);
  const ssize_t size = pn_data_encoded_size(data);
  if (size <= 0) return {};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  const ssize_t written = pn_data_encode(data, reinterpret_cast<char*>(bytes.data()), bytes.size());
  if (written < 0) return {};
  bytes.resize(static_cast<std::size_t>(written));
  return bytes;
}

}  // namespace bascule::broker
