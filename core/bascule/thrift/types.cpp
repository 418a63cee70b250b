#include "bascule/thrift/types.hpp"

namespace bascule::thrift {

std::string_view to_string(Type type) noexcept {
  switch (type) {
    case Type::stop: return "stop";
    case Type::boolean: return "bool";
    case Type::i8: return "i8";
    case Type::dbl: return "double";
    case Type::i16: return "i16";
    case Type::i32: return "i32";
    case Type::i64: return "i64";
    case Type::string: return "string";
    case Type::structure: return "struct";
    case Type::map: return "map";
    case Type::set: return "set";
    case Type::list: return "list";
    case Type::uuid: return "uuid";
  }
  return "unknown type";
}

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::none: return "nothing is wrong";
    case Fault::truncated: return "the message ends inside a value";
    case Fault::message_size: return "the message is larger than allowed";
    case Fault::memory: return "the elements of containers take more memory than allowed";
    case Fault::size: return "a string or container is larger than the bytes left";
    case Fault::depth: return "values are nested too deep";
    case Fault::varint: return "a variable-length integer is over 10 bytes";
    case Fault::range: return "an integer does not fit its type";
    case Fault::type: return "unknown type code";
    case Fault::boolean: return "a bool is neither true nor false";
    case Fault::utf8: return "a string is not UTF-8";
    case Fault::version: return "not a message of this protocol and version";
    case Fault::message_type: return "unknown message type";
  }
  return "unknown fault";
}

}  // namespace bascule::thrift
