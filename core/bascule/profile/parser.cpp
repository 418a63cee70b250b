// Profiles from their TOML. Every key is known or an error: a misspelt one must not become a broker spoken to wrongly.
#include <toml++/toml.h>
#include <algorithm>
#include <set>
#include <stdexcept>

#include "bascule/profile/profile.hpp"

namespace bascule::profile {
namespace {

using Keys = std::set<std::string_view>;

[[noreturn]] void wrong(const std::string& where, const std::string& what) {
  throw std::runtime_error("profile " + where + ": " + what);
}

void only(const toml::table& table, const Keys& known, const std::string& where) {
  for (const auto& [key, value] : table) {
    if (!known.contains(key.str())) wrong(where, "unknown key `" + std::string(key.str()) + "`");
  }
}

std::string text(const toml::table& table, std::string_view key, std::string fallback = {}) {
  return table[key].value_or(std::move(fallback));
}

std::vector<std::string> texts(const toml::table& table, std::string_view key) {
  std::vector<std::string> all;
  if (const auto* const array = table[key].as_array()) {
    for (const auto& item : *array) all.push_back(item.value_or(std::string()));
  }
  return all;
}

Declaration::Argument argument(const toml::node& node, const std::string& where) {
  if (const auto* const flag = node.as_boolean()) return flag->get();
  if (const auto* const number = node.as_integer()) return number->get();
  if (const auto* const string = node.as_string()) return string->get();
  wrong(where, "an argument is a boolean, an integer or a string");
}

Declaration declaration(const toml::table& table, const std::string& where) {
  only(table,
       {"queue", "exchange", "bind", "to_queue", "to_exchange", "key", "type", "durable", "exclusive", "auto_delete",
        "arguments"},
       where);
  Declaration made;
  made.durable = table["durable"].value_or(false);
  made.exclusive = table["exclusive"].value_or(false);
  made.auto_delete = table["auto_delete"].value_or(false);
  if (table.contains("queue")) {
    made.name = text(table, "queue");
  } else if (table.contains("exchange")) {
    made.kind = Declaration::Kind::exchange;
    made.name = text(table, "exchange");
    made.type = text(table, "type", "topic");
    made.durable = table["durable"].value_or(true);
  } else if (table.contains("bind")) {
    made.kind = Declaration::Kind::binding;
    made.name = text(table, "bind");
    made.to_exchange = table.contains("to_exchange");
    made.destination = text(table, made.to_exchange ? "to_exchange" : "to_queue");
    made.key = text(table, "key");
  } else {
    wrong(where, "a declaration is of a queue, an exchange or a binding (bind)");
  }
  if (const auto* const arguments = table["arguments"].as_table()) {
    for (const auto& [key, value] : *arguments) {
      made.arguments.emplace_back(std::string(key.str()), argument(value, where));
    }
  }
  return made;
}

Profile::Rule rule(const toml::table& table, const std::string& where) {
  only(table,
       {"address", "link", "capabilities", "durable", "dynamic", "by_links", "unrouted", "drain", "to", "subject",
        "holding", "declare"},
       where);
  Profile::Rule made;
  made.address = table["address"].value<std::string>();
  made.link = table["link"].value<std::string>();
  if (table.contains("capabilities")) made.capabilities = texts(table, "capabilities");
  made.durable = table["durable"].value<bool>();
  made.dynamic = table["dynamic"].value_or(false);
  made.by_links = table["by_links"].value_or(false);
  made.unrouted_is_taken = text(table, "unrouted") == "taken";
  made.drains = table["drain"].value_or(true);
  made.to = text(table, "to");
  made.subject = text(table, "subject");
  made.holding = text(table, "holding");
  if (const auto* const list = table["declare"].as_array()) {
    for (const auto& item : *list) {
      if (const auto* const each = item.as_table()) made.declare.push_back(declaration(*each, where));
    }
  }
  return made;
}

const Keys kinds{"requests", "queue", "dead_letters", "reply", "relay", "topic", "listen", "subscription", "scheduled"};

}  // namespace

class Parser {
 public:
  static Profile parse(const toml::table& table) {
    Profile made;
    made.name_ = text(table, "name");
    made.title_ = text(table, "title");
    if (made.name_.empty() || made.title_.empty()) wrong(made.name_, "`name` and `title` are needed");
    made.products_ = texts(table, "products");
    made.hosts_ = texts(table, "hosts");
    made.version_ = text(table, "version");
    made.encoding_ = text(table, "encoding", "none");
    made.management_ = management(text(table, "management", "none"), made.name_);
    made.max_credit_ = static_cast<std::uint32_t>(table["max_credit"].value_or(std::int64_t(0xffffffff)));
    Keys known = kinds;
    known.insert({"name", "title", "products", "hosts", "version", "encoding", "management", "max_credit", "message",
                  "outcomes", "support"});
    only(table, known, made.name_);
    read_rules(made, table);
    read_messages(made, table);
    return made;
  }

 private:
  static Management management(const std::string& word, const std::string& where) {
    if (word == "none") return Management::none;
    if (word == "amqp") return Management::amqp;
    if (word == "http") return Management::http;
    wrong(where, "`management` is none, amqp or http");
  }

  static void read_rules(Profile& made, const toml::table& table) {
    for (const auto kind : kinds) {
      if (const auto* const each = table[kind].as_table()) {
        made.rules_.emplace(kind, rule(*each, made.name_ + " [" + std::string(kind) + "]"));
      }
    }
    if (const auto* const support = table["support"].as_table()) {
      for (const auto& [feature, how] : *support) made.support_.emplace(feature.str(), how.value_or(std::string("no")));
    }
  }

  static void read_messages(Profile& made, const toml::table& table) {
    if (const auto* const message = table["message"].as_table()) {
      only(*message, {"delay", "delay_type", "duplicate_property", "absolute_expiry", "redelivered"},
           made.name_ + " [message]");
      made.message_.delay = text(*message, "delay");
      made.message_.delay_is_timestamp = text(*message, "delay_type") == "timestamp";
      made.message_.duplicate_property = text(*message, "duplicate_property");
      made.message_.absolute_expiry = (*message)["absolute_expiry"].value_or(false);
      made.message_.redelivered_by_acquirer = text(*message, "redelivered") == "first-acquirer";
      made.message_.redelivered_untold = text(*message, "redelivered") == "untold";
    }
    if (const auto* const outcomes = table["outcomes"].as_table()) {
      only(*outcomes, {"give_back", "poison"}, made.name_ + " [outcomes]");
      made.outcomes_.give_back_counts = text(*outcomes, "give_back") == "modified";
      made.outcomes_.poison = text(*outcomes, "poison");
    }
  }
};

Profile Profile::parse(std::string_view toml) {
  try {
    return Parser::parse(toml::parse(toml));
  } catch (const toml::parse_error& error) {
    wrong("line " + std::to_string(error.source().begin.line), std::string(error.description()));
  }
}

}  // namespace bascule::profile
