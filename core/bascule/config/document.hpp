// config::Document: the one TOML file that configures every process, with environment overrides, read by
// typed readers.
//
//   auto document = config::Document::load("bascule.toml", config::environment());
//   auto gateway = document.section("gateway");
//   auto listen = gateway.endpoint("listen", {"127.0.0.1", 8080});
//   document.finish();   // every key that nobody asked for is an error: a misspelt key never passes silently
//
// What: a value is looked for in the environment (BASCULE_GATEWAY__LISTEN; sections and keys upper-cased, '-'
// becomes
// '_'), then in the file, then the default given by the reader is taken. The file serves several processes:
// each opens the sections it understands and finish() checks those; a top-level name that no process knows is
// an error in all. Errors: ConfigError, whose text starts with "file:line: section.key:" and says what was
// expected. Lifetime: sections share the document's data and may outlive it. Thread safety: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bascule/config/error.hpp"
#include "bascule/config/section.hpp"

namespace bascule::config {

/// Names and values, as the process got them.
using Environment = std::map<std::string, std::string, std::less<>>;
/// The variables of this process that start with "BASCULE_".
Environment environment();

class Document {
 public:
  /// Reads and parses `path`. A missing file is an error.
  static Document load(const std::string& path, Environment environment);
  /// Parses TOML text; `name` stands for the file in errors.
  static Document parse(std::string_view text, const std::string& name, Environment environment = {});
  /// No file at all: defaults and the environment only.
  static Document empty(Environment environment);

  /// Opens a section by dotted path ("service.orders"). An absent one reads as defaults.
  Section section(std::string_view path) const;
  /// Opens a section that belongs to another process (a service reads broker.url): its other keys are not
  /// checked.
  Section borrow(std::string_view path) const;
  /// The document itself as a section, for files of other shapes than the platform's (aggregates).
  Section root() const;
  /// Checks that the opened sections hold no key nobody asked for, in file or environment, and that every
  /// top-level name is one the platform knows (unless root() was opened). Call it when all settings were
  /// read.
  void finish() const;

 private:
  explicit Document(std::shared_ptr<struct Tree> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<struct Tree> tree_;
};

}  // namespace bascule::config
