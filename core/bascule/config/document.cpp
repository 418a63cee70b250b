#include "bascule/config/document.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "bascule/config/suggest.hpp"
#include "bascule/config/tree.hpp"

extern char** environ;

namespace bascule::config {
namespace {

constexpr std::string_view variable_prefix = "BASCULE_";

// Every top-level table of the platform's file. A process reads some of them; a name that is not here is a
// misspelling.
const std::set<std::string, std::less<>>& top_level() {
  static const std::set<std::string, std::less<>> names{"broker", "gateway", "log", "postgres", "service"};
  return names;
}

std::shared_ptr<Tree> make_tree(std::string name, Environment environment) {
  auto tree = std::make_shared<Tree>();
  tree->name = std::move(name);
  tree->environment = std::move(environment);
  return tree;
}

unsigned line_of(const toml::key& key) { return key.source().begin.line; }

void check_file(const Tree& tree, const std::string& path, const Opened& opened) {
  if (opened.table == nullptr) return;
  for (const auto& [key, node] : *opened.table) {
    if (opened.asked.contains(key.str())) continue;
    const std::string full = path.empty() ? std::string(key.str()) : path + "." + std::string(key.str());
    throw ConfigError({tree.name, line_of(key)}, full + ": unknown key" + suggestion(key.str(), opened.asked));
  }
}

void check_environment(const Tree& tree, const std::string& path, const Opened& opened) {
  const std::string prefix = environment_prefix(path);
  for (auto it = tree.environment.lower_bound(prefix); it != tree.environment.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    const std::string rest = it->first.substr(prefix.size());
    const bool known = std::any_of(opened.asked.begin(), opened.asked.end(), [&](const std::string& key) {
      return environment_case(key) == rest || rest.starts_with(environment_case(key) + "__");
    });
    if (known) continue;
    std::set<std::string, std::less<>> variables;
    for (const std::string& key : opened.asked) variables.insert(prefix + environment_case(key));
    throw ConfigError({"environment", 0}, it->first + ": unknown setting" + suggestion(it->first, variables));
  }
}

}  // namespace

std::string environment_case(std::string_view key) {
  std::string text(key);
  for (char& c : text) c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string environment_prefix(std::string_view path) {
  std::string text(variable_prefix);
  for (const char c : environment_case(path)) c == '.' ? text.append("__") : text.append(1, c);
  return text + "__";
}

Environment environment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !text.starts_with(variable_prefix)) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

Opened& Tree::open(const std::string& path, const toml::table* table) {
  Opened& entry = opened[path];
  if (table != nullptr) entry.table = table;
  return entry;
}

Document Document::load(const std::string& path, Environment environment) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ConfigError({path, 0}, "cannot be read; give the path of the configuration with --config");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return parse(text, path, std::move(environment));
}

Document Document::parse(std::string_view text, const std::string& name, Environment environment) {
  auto tree = make_tree(name, std::move(environment));
  try {
    tree->root = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw ConfigError({name, error.source().begin.line}, "not TOML: " + std::string(error.description()));
  }
  return Document(std::move(tree));
}

Document Document::empty(Environment environment) {
  return Document(make_tree("built-in defaults", std::move(environment)));
}

Section Document::root() const {
  tree_->root_opened = true;
  tree_->open("", &tree_->root);
  return Section(tree_, &tree_->root, "");
}

Section Document::section(std::string_view path) const {
  const toml::table* table = &tree_->root;
  std::string seen;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t dot = std::min(path.find('.', start), path.size());
    const std::string_view key = path.substr(start, dot - start);
    seen += (seen.empty() ? "" : ".") + std::string(key);
    const toml::node* node = table == nullptr ? nullptr : table->get(key);
    if (node != nullptr && !node->is_table()) {
      throw ConfigError({tree_->name, node->source().begin.line}, seen + ": must be a table, write [" + seen + "]");
    }
    table = node == nullptr ? nullptr : node->as_table();
    start = dot + 1;
  }
  tree_->open(std::string(path), table).owned = true;
  return Section(tree_, table, std::string(path));
}

Section Document::borrow(std::string_view path) const {
  const bool owned = tree_->opened.contains(path) && tree_->opened.find(path)->second.owned;
  Section section = this->section(path);
  tree_->opened.find(path)->second.owned = owned;
  return section;
}

void Document::finish() const {
  if (!tree_->root_opened) {
    for (const auto& [key, node] : tree_->root) {
      if (top_level().contains(key.str())) continue;
      throw ConfigError({tree_->name, line_of(key)},
                        std::string(key.str()) + ": unknown section" + suggestion(key.str(), top_level()));
    }
  }
  for (const auto& [path, opened] : tree_->opened) {
    if (!opened.owned) continue;
    check_file(*tree_, path, opened);
    check_environment(*tree_, path, opened);
  }
}

}  // namespace bascule::config
