#include <cstddef>
#include <cstdint>

#include "fuzz/amqp/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bascule::amqp::fuzz::one_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
