// One value of a contract's type between JSON and Thrift compact bytes: for the CLI, for events shown live,
// for Python.
//
// A struct's bytes are those of the whole struct; another type's are what a list element of it would be.
// No exceptions on bad input: false, and the Problem says what and where. Output is appended; on failure what
// was appended means nothing. One Workspace is for one thread at a time and is best kept (its buffers grow,
// then stay).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/transcode/problem.hpp"
#include "bascule/transcode/scanner.hpp"
#include "bascule/transcode/schema.hpp"

namespace bascule::transcode {

struct Options {
  bool ignore_unknown = false;                 ///< pass over fields that the contract does not have
  unsigned json_depth = 64;                    ///< nested objects and arrays, read or written
  unsigned thrift_depth = 32;                  ///< nested structs
  std::size_t message = std::size_t{1} << 20;  ///< bytes of a Thrift message, read or written
  std::size_t json = std::size_t{16} << 20;    ///< bytes of JSON written
};

/// The working memory of transcoding.
class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

 private:
  friend class Encoder;
  /// One element of a set, or key of a map, as written: to find duplicates.
  struct Span {
    std::uint32_t begin = 0, end = 0;  ///< in the output
    std::uint32_t json = 0;            ///< in the JSON
  };
  Scanner scanner_;
  std::vector<Span> spans_;
  std::vector<std::uint64_t> words_;  ///< bits of fields beyond the 64th
  std::string text_;
};

[[nodiscard]] bool json_to_value(const TypePlan& type, std::string_view json, Workspace& workspace, std::string& out,
                                 Problem& problem, const Options& options = {});
[[nodiscard]] bool value_to_json(const TypePlan& type, std::string_view bytes, std::string& out, Problem& problem,
                                 const Options& options = {});

}  // namespace bascule::transcode
