#include "native/bridge/links.hpp"

#include <map>

#include "bascule/amqp/message.hpp"

namespace bascule::python {

namespace {

/// What a tool may want to know of a message.
struct Plain {
  std::map<std::string, std::string> fields;
  std::string body;
};

Plain read(std::string_view encoded) {
  Plain plain;
  const auto view = amqp::MessageView::parse(encoded);
  if (!view) return plain;
  const auto properties = view->properties();
  plain.fields = {{"to", std::string(properties.to)},
                  {"subject", std::string(properties.subject)},
                  {"content_type", std::string(properties.content_type)},
                  {"group_id", std::string(properties.group_id)}};
  view->for_each_application_property([&](std::string_view key, const amqp::Value& value) {
    if (const auto* text = std::get_if<std::string_view>(&value)) plain.fields[std::string(key)] = *text;
  });
  std::string scratch;
  plain.body = view->body(scratch);
  return plain;
}

/// Runs on the event loop's thread.
void tell(PyObject* callback, const Plain& plain) {
  const Ref message = Ref::steal(PyDict_New());
  for (const auto& [name, value] : plain.fields) {
    const Ref text = Ref::steal(PyUnicode_DecodeUTF8(value.data(), static_cast<Py_ssize_t>(value.size()), "replace"));
    if (!message || !text || PyDict_SetItemString(message.get(), name.c_str(), text.get()) != 0) return PyErr_Print();
  }
  const Ref body = Ref::steal(PyBytes_FromStringAndSize(plain.body.data(), static_cast<Py_ssize_t>(plain.body.size())));
  if (!body || PyDict_SetItemString(message.get(), "body", body.get()) != 0) return PyErr_Print();
  if (!Ref::steal(PyObject_CallOneArg(callback, message.get()))) PyErr_WriteUnraisable(callback);
}

}  // namespace

void listen(Bridge& bridge, std::string address, std::vector<std::string> capabilities, PyObject* callback) {
  Engine* engine = bridge.engine.get();
  bridge.listeners.push_back(Ref::borrow(callback));
  engine->outbound()->push([engine, callback, address = std::move(address), capabilities = std::move(capabilities)] {
    amqp::ReceiverOptions options;
    options.address = address;
    options.capabilities = capabilities;
    options.settled = true;
    engine->connection().open_receiver(std::move(options), [engine, callback](const amqp::Receiver::Message& message) {
      engine->mailbox().push([callback, plain = read(message.encoded)] { tell(callback, plain); });
    });
  });
}

void send_plain(Bridge& bridge, std::string address, std::vector<std::string> capabilities, std::string subject,
                std::string body, std::string content_type) {
  Engine* engine = bridge.engine.get();
  engine->outbound()->push([engine, address = std::move(address), capabilities = std::move(capabilities),
                            subject = std::move(subject), body = std::move(body),
                            content_type = std::move(content_type)] {
    amqp::OutgoingMessage message;
    message.to = address;
    message.subject = subject;
    message.content_type = content_type;
    message.body = body;
    std::string encoded;
    message.encode(encoded);
    engine->send({address, capabilities}, encoded);
  });
}

rpc::Reply call_plain(Bridge& bridge, std::string address, std::string method, std::string body, double timeout) {
  auto call = std::make_unique<rpc::OutgoingCall>();
  call->address = std::move(address);
  call->method = std::move(method);
  call->body = std::move(body);
  call->options.deadline =
      Deadline::after(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout)));
  call->options.idempotent = true;
  return bridge.engine->call_and_wait(std::move(call));
}

}  // namespace bascule::python
