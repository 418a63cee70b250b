// What went wrong in the codec, and where: an offset in the bytes and the path of fields that leads there.
//
// The path grows from the inside out while the recursion returns: "lines[2].quantity" under the plan's own name.
// Thread safety: the GIL.
#pragma once

#include "native/python.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::python {

struct Trouble {
  std::string what;
  std::vector<std::string> path;  ///< innermost first

  void field(std::string_view name) { path.push_back("." + std::string(name)); }
  void index(std::size_t at) { path.push_back("[" + std::to_string(at) + "]"); }
  /// Keeps the first fault. Always false, to be returned.
  bool set(std::string sentence) {
    if (what.empty()) what = std::move(sentence);
    return false;
  }
  std::string full_path(std::string_view root) const;
};

/// What the native code raises and calls; given once by the Python side (`_native.configure`).
struct ErrorClasses {
  Ref decode;       ///< DecodeError(message, offset, path)
  Ref encode;       ///< EncodeError(message, path)
  Ref application;  ///< (message, thrift code): the peer answered with a Thrift application exception
  Ref uuid;         ///< uuid.UUID
  Ref in_order;     ///< (set) -> list: bascule.codec.order.in_order
};
/// Lives until the interpreter ends; never destroyed after it.
ErrorClasses& error_classes();

void raise_decode_error(const Trouble& trouble, std::string_view root, std::size_t offset);
void raise_encode_error(const Trouble& trouble, std::string_view root);

}  // namespace bascule::python
