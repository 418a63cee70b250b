// config::Section: one table of the configuration, with a reader for each type.
//
// Every reader has the same shape: a key and a default; `required_...` throws when the key is absent. The
// range, where there is one, is inclusive. Reading a key marks it as known (see Document::finish). Errors,
// lifetime, thread safety: as Document.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/config/error.hpp"
#include "bascule/config/quantity.hpp"

namespace bascule::config {

class Section {
 public:
  /// True when the file or the environment says anything about it.
  bool present() const;
  bool has(std::string_view key) const;
  /// "service.orders"
  const std::string& path() const noexcept { return path_; }
  /// Where the table starts; for errors of the caller's own.
  Origin origin() const;
  Origin origin(std::string_view key) const;
  /// An error about `key`, for checks that only the caller can make.
  ConfigError error(std::string_view key, std::string_view sentence) const;

  std::string string(std::string_view key, std::string_view fallback) const;
  std::string required_string(std::string_view key) const;
  /// One of `allowed`; anything else is an error with a suggestion.
  std::string choice(std::string_view key, std::string_view fallback, const std::vector<std::string>& allowed) const;
  bool boolean(std::string_view key, bool fallback) const;
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t minimum, std::int64_t maximum) const;
  double number(std::string_view key, double fallback, double minimum, double maximum) const;
  /// A string with a unit: "250ms", "5s", "2m".
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds fallback) const;
  /// Bytes: an integer, or a string with a unit: "64KiB".
  std::uint64_t size(std::string_view key, std::uint64_t fallback) const;
  /// "host:port"
  Endpoint endpoint(std::string_view key, const Endpoint& fallback) const;
  /// An array of strings; in the environment separated by commas.
  std::vector<std::string> strings(std::string_view key, std::vector<std::string> fallback) const;

  /// A table inside this one.
  Section section(std::string_view key) const;
  /// The tables of an array ([[part]]), in order.
  std::vector<Section> tables(std::string_view key) const;
  /// The keys that the file has here, in the file's order; for tables whose keys are names of the user's.
  std::vector<std::string> keys() const;

 private:
  friend class Document;
  struct Value;
  Section(std::shared_ptr<struct Tree> tree, const void* table, std::string path);
  std::optional<Value> find(std::string_view key) const;
  [[noreturn]] void wrong_type(std::string_view key, const Value& value, std::string_view expected) const;

  std::shared_ptr<struct Tree> tree_;
  const void* table_;  ///< const toml::table*, or null when absent: toml++ stays out of the headers
  std::string path_;
};

}  // namespace bascule::config
