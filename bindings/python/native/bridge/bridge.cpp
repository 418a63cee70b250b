#include "native/bridge/bridge.hpp"

namespace bascule::python {

PyObject* make_error(Bridge& bridge, Errc code, std::string_view message) {
  const std::string_view name = to_string(code);
  return PyObject_CallFunction(bridge.make_error.get(), "s#s#", name.data(), static_cast<Py_ssize_t>(name.size()),
                               message.data(), static_cast<Py_ssize_t>(message.size()));
}

void drain(Bridge& bridge) {
  // Nested use (a letter that runs the event loop) must not disturb the batch at hand.
  std::vector<Letter> batch = std::move(bridge.letters);
  batch.clear();
  bridge.engine->mailbox().take(batch);
  const std::shared_ptr<Outbound> outbound = bridge.engine->outbound();
  outbound->hold();
  for (auto& letter : batch) letter();
  outbound->release();
  batch.clear();
  bridge.letters = std::move(batch);
}

}  // namespace bascule::python
