#include "bascule/transcode/json_writer.hpp"

#include <algorithm>

namespace bascule::transcode {

bool JsonWriter::escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (!thrift::valid_utf8(text)) return false;
  reserve(text.size() * 6 + 1);
  char* to = cursor();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') {
      *to++ = c;
      continue;
    }
    *to++ = '\\';
    switch (c) {
      case '"':
      case '\\':
        *to++ = c;
        break;
      case '\b':
        *to++ = 'b';
        break;
      case '\f':
        *to++ = 'f';
        break;
      case '\n':
        *to++ = 'n';
        break;
      case '\r':
        *to++ = 'r';
        break;
      case '\t':
        *to++ = 't';
        break;
      default:
        to = std::copy_n("u00", 3, to);
        *to++ = digits[static_cast<unsigned char>(c) >> 4];
        *to++ = digits[c & 15];
    }
  }
  *to++ = '"';
  advance(static_cast<std::size_t>(to - cursor()));
  return true;
}

}  // namespace bascule::transcode
