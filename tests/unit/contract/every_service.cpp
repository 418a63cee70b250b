#include "unit/contract/every_service.hpp"

#include <stdexcept>

namespace bascule::test {

template <class T>
using Task = EveryService::Task<T>;

Task<every::Scalars> EveryService::scalars(Context&, every::Scalars value) { co_return last_scalars = value; }
Task<every::Presence> EveryService::presence(Context&, every::Presence value) { co_return last_presence = value; }
Task<every::Containers> EveryService::containers(Context&, every::Containers value) {
  co_return last_containers = value;
}
Task<every::Keys> EveryService::keys(Context&, every::Keys value) { co_return last_keys = value; }
Task<every::Node> EveryService::node(Context&, every::Node value) { co_return last_node = value; }
Task<every::Choice> EveryService::choice(Context&, every::Choice value) { co_return last_choice = value; }
Task<every::Awkward> EveryService::awkward(Context&, every::Awkward value) { co_return last_awkward = value; }
Task<every::Checked> EveryService::checked(Context&, every::Checked value) { co_return last_checked = value; }

Task<std::string> EveryService::join(Context&, bool flag, std::int8_t tiny, std::int16_t small, std::int32_t medium,
                                     std::int64_t large, double real, std::string text, std::string data,
                                     every_common::Colour::type colour, std::vector<std::int32_t> numbers,
                                     std::map<std::string, std::int64_t> table, std::int32_t limit) {
  std::string all = (flag ? "true " : "false ") + std::to_string(tiny) + ' ' + std::to_string(small) + ' ' +
                    std::to_string(medium) + ' ' + std::to_string(large) + ' ' + std::to_string(real) + ' ' + text +
                    ' ' + data + ' ' + std::to_string(static_cast<int>(colour));
  for (const auto number : numbers) all += ' ' + std::to_string(number);
  for (const auto& [key, value] : table) all += ' ' + key + '=' + std::to_string(value);
  co_return all + " limit " + std::to_string(limit);
}

Task<std::int32_t> EveryService::fail(Context&, std::int32_t code) {
  if (code == 1) {
    every_common::Refused refused;
    refused.message = "no";
    refused.__set_code(7);
    throw refused;
  }
  if (code == 2) {
    every::Failure failure;
    failure.message = "failed";
    throw failure;
  }
  if (code == 3) throw std::runtime_error("nobody declared this");
  if (code == 4) throw Error(Errc::permission_denied, "not you");
  co_return code;
}

Task<void> EveryService::fail_void(Context&, std::int32_t code) {
  if (code == 2) {
    every::Failure failure;
    failure.message = "void failed";
    throw failure;
  }
  co_return;
}

Task<void> EveryService::tell(Context&, every::Happened event) {
  told.push_back(std::move(event));
  co_return;
}

}  // namespace bascule::test
