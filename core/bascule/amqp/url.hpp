// The address of a broker: amqp://[user:password@]host[:port].
#pragma once

#include <string>

namespace bascule::amqp {

struct Url {
  std::string host = "127.0.0.1", port = "5672";
  std::string user, password;

  /// Throws std::invalid_argument with a sentence that says what an address looks like (the password is never in it).
  static Url parse(const std::string& text);
};

}  // namespace bascule::amqp
