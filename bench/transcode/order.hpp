// What is measured: the order of bench/contract as JSON, and that contract's descriptor.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace bascule::bench {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline const std::string order_json = read_file(BASCULE_ORDER_JSON);
inline const std::string order_descriptor = read_file(BASCULE_ORDER_DESCRIPTOR);

}  // namespace bascule::bench
