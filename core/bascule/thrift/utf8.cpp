#include "bascule/thrift/utf8.hpp"

#include <simdjson.h>

namespace bascule::thrift {

bool valid_utf8_slow(std::string_view text) noexcept { return simdjson::validate_utf8(text); }

}  // namespace bascule::thrift
