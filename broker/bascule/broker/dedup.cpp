#include "bascule/broker/dedup.hpp"

#include "bascule/broker/properties.hpp"

namespace bascule::broker {
namespace {

// The two kinds of identifiers are told apart: they are not of one sender's choosing.
std::string tagged(char kind, Bytes encoded) {
  if (encoded.empty() || encoded.size() > DedupWindow::longest_identifier) return {};
  return kind + std::string(as_text(encoded));
}

}  // namespace

std::string DedupWindow::identifier(const Message& message) const {
  if (settings_.by_property) {
    const Bytes property = find_in_map(message.body(), Section::application_properties, "_AMQ_DUPL_ID");
    if (!property.empty()) return tagged('p', property);
  }
  if (settings_.window.count() == 0) return {};
  return tagged('m', read_property(message.body(), 0));
}

void DedupWindow::forget_old(Time now) {
  while (!order_.empty() && (order_.size() > settings_.most || order_.front().at + window() <= now)) {
    seen_.erase(*order_.front().identifier);
    order_.pop_front();
  }
}

const Lsn* DedupWindow::find(const std::string& identifier, Time now) {
  if (identifier.empty() || seen_.empty()) return nullptr;
  forget_old(now);
  const auto found = seen_.find(identifier);
  return found == seen_.end() ? nullptr : &found->second;
}

void DedupWindow::restore(std::string_view identifier, Time until) {
  add(std::string(identifier), 0, until - window());
}

void DedupWindow::add(std::string identifier, Lsn lsn, Time now) {
  const auto [at, fresh] = seen_.emplace(std::move(identifier), lsn);
  if (!fresh) return;
  order_.push_back({now, &at->first});
  forget_old(now);
}

}  // namespace bascule::broker
