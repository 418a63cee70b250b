#include "bascule/config/section.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "bascule/config/suggest.hpp"
#include "bascule/config/tree.hpp"

namespace bascule::config {
namespace {

const toml::table* as_table(const void* table) { return static_cast<const toml::table*>(table); }

std::string described(const toml::node& node) {
  std::ostringstream type;
  type << node.type();
  return type.str();
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

/// What find() found: a node of the file, or the text of a variable.
struct Section::Value {
  const toml::node* node = nullptr;
  std::string variable, text;

  std::optional<std::string> string() const {
    if (node == nullptr) return text;
    return node->value_exact<std::string>();
  }
};

Section::Section(std::shared_ptr<Tree> tree, const void* table, std::string path)
    : tree_(std::move(tree)), table_(table), path_(std::move(path)) {}

bool Section::present() const {
  if (table_ != nullptr) return true;
  const std::string prefix = environment_prefix(path_);
  const auto it = tree_->environment.lower_bound(prefix);
  return it != tree_->environment.end() && it->first.starts_with(prefix);
}

bool Section::has(std::string_view key) const { return find(key).has_value(); }

Origin Section::origin() const { return {tree_->name, table_ == nullptr ? 0 : as_table(table_)->source().begin.line}; }

Origin Section::origin(std::string_view key) const {
  const auto value = find(key);
  if (!value) return origin();
  if (value->node == nullptr) return {"environment " + value->variable, 0};
  return {tree_->name, value->node->source().begin.line};
}

ConfigError Section::error(std::string_view key, std::string_view sentence) const {
  const std::string full = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  return ConfigError(origin(key), full + ": " + std::string(sentence));
}

std::optional<Section::Value> Section::find(std::string_view key) const {
  tree_->open(path_, as_table(table_)).asked.emplace(key);
  const std::string variable = environment_prefix(path_) + environment_case(key);
  if (const auto it = tree_->environment.find(variable); it != tree_->environment.end()) {
    return Value{nullptr, variable, it->second};
  }
  const toml::node* node = table_ == nullptr ? nullptr : as_table(table_)->get(key);
  if (node == nullptr) return std::nullopt;
  return Value{node, {}, {}};
}

void Section::wrong_type(std::string_view key, const Value& value, std::string_view expected) const {
  const std::string got = value.node == nullptr ? "'" + value.text + "'" : "a value of type " + described(*value.node);
  throw error(key, "expected " + std::string(expected) + ", got " + got);
}

std::string Section::string(std::string_view key, std::string_view fallback) const {
  const auto value = find(key);
  if (!value) return std::string(fallback);
  auto text = value->string();
  if (!text) wrong_type(key, *value, "a string");
  return *std::move(text);
}

std::string Section::required_string(std::string_view key) const {
  if (!find(key)) throw error(key, "is required and missing");
  return string(key, "");
}

std::string Section::choice(std::string_view key, std::string_view fallback,
                            const std::vector<std::string>& allowed) const {
  std::string text = string(key, fallback);
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
  throw error(key, "'" + text + "' is not a value it can have" + suggestion(text, {allowed.begin(), allowed.end()}));
}

bool Section::boolean(std::string_view key, bool fallback) const {
  const auto value = find(key);
  if (!value) return fallback;
  if (value->node != nullptr) {
    if (const auto exact = value->node->value_exact<bool>()) return *exact;
  } else if (value->text == "true" || value->text == "false") {
    return value->text == "true";
  }
  wrong_type(key, *value, "true or false");
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, std::int64_t minimum,
                              std::int64_t maximum) const {
  const auto value = find(key);
  if (!value) return fallback;
  const auto number =
      value->node != nullptr ? value->node->value_exact<std::int64_t>() : parse_number<std::int64_t>(value->text);
  if (!number) wrong_type(key, *value, "an integer");
  if (*number >= minimum && *number <= maximum) return *number;
  throw error(
      key, std::to_string(*number) + " is out of range, " + std::to_string(minimum) + " to " + std::to_string(maximum));
}

double Section::number(std::string_view key, double fallback, double minimum, double maximum) const {
  const auto value = find(key);
  if (!value) return fallback;
  // value<double>() takes an integer too: 1 and 1.0 are the same to whoever writes the file.
  const auto number = value->node == nullptr     ? parse_number<double>(value->text)
                      : value->node->is_number() ? value->node->value<double>()
                                                 : std::nullopt;
  if (!number) wrong_type(key, *value, "a number");
  if (*number >= minimum && *number <= maximum) return *number;
  std::ostringstream sentence;
  sentence << *number << " is out of range, " << minimum << " to " << maximum;
  throw error(key, sentence.str());
}

std::chrono::milliseconds Section::duration(std::string_view key, std::chrono::milliseconds fallback) const {
  const auto value = find(key);
  if (!value) return fallback;
  const auto text = value->string();
  const auto parsed = text ? parse_duration(*text) : std::nullopt;
  if (!parsed) wrong_type(key, *value, "a time span such as \"250ms\", \"5s\" or \"2m\"");
  return *parsed;
}

std::uint64_t Section::size(std::string_view key, std::uint64_t fallback) const {
  const auto value = find(key);
  if (!value) return fallback;
  if (value->node != nullptr) {
    const auto exact = value->node->value_exact<std::int64_t>();
    if (exact && *exact >= 0) return static_cast<std::uint64_t>(*exact);
  }
  const auto text = value->string();
  const auto parsed = text ? parse_size(*text) : std::nullopt;
  if (!parsed) wrong_type(key, *value, "a size such as 65536, \"64KiB\" or \"1MiB\"");
  return *parsed;
}

Endpoint Section::endpoint(std::string_view key, const Endpoint& fallback) const {
  const auto value = find(key);
  if (!value) return fallback;
  const auto text = value->string();
  auto parsed = text ? parse_endpoint(*text) : std::nullopt;
  if (!parsed) wrong_type(key, *value, "an address such as \"127.0.0.1:8080\" or \"[::1]:8080\"");
  return *std::move(parsed);
}

std::vector<std::string> Section::strings(std::string_view key, std::vector<std::string> fallback) const {
  const auto value = find(key);
  if (!value) return fallback;
  std::vector<std::string> result;
  if (value->node == nullptr) {
    std::istringstream parts(value->text);
    for (std::string part; std::getline(parts, part, ',');) result.push_back(part);
    return result;
  }
  const toml::array* array = value->node->as_array();
  if (array == nullptr) wrong_type(key, *value, "an array of strings");
  for (const toml::node& item : *array) {
    auto text = item.value_exact<std::string>();
    if (!text)
      throw ConfigError(
          {tree_->name, item.source().begin.line},
          path_ + "." + std::string(key) + ": expected an array of strings, one item is of type " + described(item));
    result.push_back(*std::move(text));
  }
  return result;
}

Section Section::section(std::string_view key) const {
  const auto value = find(key);
  const toml::table* table = value && value->node != nullptr ? value->node->as_table() : nullptr;
  if (value && table == nullptr) wrong_type(key, *value, "a table");
  const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  tree_->open(path, table);
  return Section(tree_, table, path);
}

std::vector<Section> Section::tables(std::string_view key) const {
  const auto value = find(key);
  std::vector<Section> result;
  if (!value) return result;
  const toml::array* array = value->node == nullptr ? nullptr : value->node->as_array();
  if (array == nullptr) wrong_type(key, *value, "an array of tables, written [[" + std::string(key) + "]]");
  for (const toml::node& item : *array) {
    if (!item.is_table()) wrong_type(key, *value, "an array of tables only");
    const std::string path =
        (path_.empty() ? "" : path_ + ".") + std::string(key) + "[" + std::to_string(result.size()) + "]";
    tree_->open(path, item.as_table());
    result.push_back(Section(tree_, item.as_table(), path));
  }
  return result;
}

std::vector<std::string> Section::keys() const {
  std::vector<std::pair<toml::source_position, std::string>> found;
  if (table_ != nullptr) {
    for (const auto& [key, node] : *as_table(table_)) found.emplace_back(key.source().begin, key.str());
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> result;
  for (auto& [position, key] : found) result.push_back(std::move(key));
  return result;
}

}  // namespace bascule::config
