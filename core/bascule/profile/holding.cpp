#include "bascule/profile/holding.hpp"

namespace bascule::profile::holding {
namespace {

Declaration exchange(std::string name) {
  Declaration made;
  made.kind = Declaration::Kind::exchange;
  made.name = std::move(name);
  made.type = "topic";
  made.durable = true;
  return made;
}

Declaration binding(std::string from, std::string to, bool to_exchange, std::string key) {
  Declaration made;
  made.kind = Declaration::Kind::binding;
  made.name = std::move(from);
  made.destination = std::move(to);
  made.to_exchange = to_exchange;
  made.key = std::move(key);
  return made;
}

}  // namespace

std::optional<std::string> key(std::chrono::milliseconds delay, std::string_view topic) {
  if (delay > longest) return std::nullopt;
  const auto units = delay.count() <= 0 ? 0 : (delay.count() + unit.count() - 1) / unit.count();
  std::string text;
  for (int level = levels - 1; level >= 0; --level) text += (units >> level & 1) != 0 ? "1." : "0.";
  return text.append(topic);
}

std::vector<Declaration> declarations(const std::string& prefix) {
  std::vector<Declaration> all{exchange(prefix + ".due")};
  std::string below = prefix + ".due";
  for (int level = 0; level < levels; ++level) {
    const auto name = prefix + "." + std::to_string(level);
    all.push_back(exchange(name));
    Declaration queue;
    queue.name = name;
    queue.durable = true;
    queue.arguments = {{"x-message-ttl", std::int64_t(unit.count()) << level}, {"x-dead-letter-exchange", below}};
    all.push_back(std::move(queue));
    std::string word;  // the place of this level's word in the key
    for (int above = levels - 1; above > level; --above) word += "*.";
    all.push_back(binding(name, name, false, word + "1.#"));
    all.push_back(binding(name, below, true, word + "0.#"));
    below = name;
  }
  return all;
}

}  // namespace bascule::profile::holding
