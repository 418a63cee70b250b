#include "native/bridge/manage.hpp"

#include <chrono>
#include <future>

#include "bascule/amqp/link.hpp"
#include "bascule/amqp/message.hpp"

namespace bascule::python {
namespace {

constexpr const char* management = "$management";
constexpr int max_depth = 32;

/// The links of one request; lives on the engine's thread until the answer came or the caller gave up.
struct Exchange : std::enable_shared_from_this<Exchange> {
  Exchange(Engine& e, std::vector<std::pair<std::string, ManagementArgument>> given)
      : engine(e), arguments(std::move(given)) {}

  void start() {
    requests.emplace(engine.connection().open_sender({.address = management}));
    amqp::ReceiverOptions options;
    options.settled = true;
    options.credit = 1;
    answers.emplace(engine.connection().open_receiver(
        std::move(options),
        [weak = weak_from_this()](const amqp::Receiver::Message& message) {
          if (const auto self = weak.lock()) self->answered(message.encoded);
        },
        [weak = weak_from_this()](bool attached) {
          // Behind this turn: the receiver is not in our hands yet.
          if (const auto self = weak.lock(); self && attached) self->engine.loop().post([self] { self->ask(); });
        }));
  }

  void ask() {
    if (!answers || !answers->attached()) return;
    amqp::OutgoingMessage message;
    message.to = management;
    const std::string reply_to = answers->address();
    message.reply_to = reply_to;
    message.correlation_number = 1;
    for (const auto& [name, argument] : arguments) {
      message.application_properties.emplace_back(
          name, std::visit([](const auto& value) { return as_value(value); }, argument));
    }
    std::string encoded;
    message.encode(encoded);
    requests->send(encoded);
  }

  static amqp::Value as_value(bool value) { return value; }
  static amqp::Value as_value(std::uint64_t value) { return value; }
  static amqp::Value as_value(const std::string& value) { return std::string_view(value); }

  void answered(std::string_view encoded) {
    ManagementAnswer answer;
    if (const auto view = amqp::MessageView::parse(encoded)) {
      const auto status = view->application_property("statusCode");
      if (const auto* const code = status ? std::get_if<std::int64_t>(&*status) : nullptr) answer.status = *code;
      const auto description = view->application_property("statusDescription");
      if (const auto* const text = description ? std::get_if<std::string_view>(&*description) : nullptr) {
        answer.description = *text;
      }
    }
    amqp::Reader reader(encoded);
    while (const auto section = reader.section()) {
      const auto value = reader.value();
      if (section == amqp::Section::amqp_value) answer.value = amqp::as_text(value);
    }
    done.set_value(std::move(answer));
    engine.loop().post([self = shared_from_this()] { self->end(); });
  }

  void end() {
    if (requests) requests->close();
    if (answers) answers->close();
    requests.reset();
    answers.reset();
  }

  Engine& engine;
  std::vector<std::pair<std::string, ManagementArgument>> arguments;
  std::optional<amqp::Sender> requests;
  std::optional<amqp::Receiver> answers;
  std::promise<ManagementAnswer> done;
};

PyObject* text(std::string_view value) {
  return PyUnicode_DecodeUTF8(value.data(), static_cast<Py_ssize_t>(value.size()), "replace");
}

struct ScalarToPython {
  PyObject* operator()(std::monostate) const { return Py_NewRef(Py_None); }
  PyObject* operator()(bool value) const { return PyBool_FromLong(value); }
  PyObject* operator()(std::uint64_t value) const { return PyLong_FromUnsignedLongLong(value); }
  PyObject* operator()(std::int64_t value) const { return PyLong_FromLongLong(value); }
  PyObject* operator()(double value) const { return PyFloat_FromDouble(value); }
  PyObject* operator()(std::string_view value) const { return text(value); }
  PyObject* operator()(amqp::Symbol value) const { return text(value.text); }
  PyObject* operator()(amqp::Binary value) const {
    return PyBytes_FromStringAndSize(value.bytes.data(), static_cast<Py_ssize_t>(value.bytes.size()));
  }
  PyObject* operator()(amqp::Timestamp value) const { return PyLong_FromLongLong(value.milliseconds); }
};

PyObject* convert(amqp::Reader& reader, int depth);

PyObject* malformed() {
  PyErr_SetString(PyExc_ValueError, "the broker's answer is not a value that can be read");
  return nullptr;
}

PyObject* list_of(amqp::Reader items, std::uint32_t count, int depth) {
  Ref list = Ref::steal(PyList_New(0));
  for (std::uint32_t i = 0; list && i < count; ++i) {
    const Ref item = Ref::steal(convert(items, depth));
    if (!item || PyList_Append(list.get(), item.get()) != 0) return nullptr;
  }
  return Py_XNewRef(list.get());
}

PyObject* dict_of(amqp::Reader items, std::uint32_t count, int depth) {
  Ref dict = Ref::steal(PyDict_New());
  for (std::uint32_t i = 0; dict && i + 1 < count; i += 2) {
    const Ref key = Ref::steal(convert(items, depth));
    const Ref value = key ? Ref::steal(convert(items, depth)) : Ref();
    if (!value || PyDict_SetItem(dict.get(), key.get(), value.get()) != 0) return nullptr;
  }
  return Py_XNewRef(dict.get());
}

PyObject* convert(amqp::Reader& reader, int depth) {
  if (depth > max_depth || reader.empty()) return malformed();
  using enum amqp::Code;
  const auto code = static_cast<amqp::Code>(*reader.position());
  if (code == list0 || code == list8 || code == list32) {
    const auto list = reader.list();
    return list ? list_of(amqp::Reader(list->items), list->count, depth + 1) : malformed();
  }
  if (code == map8 || code == map32) {
    const auto map = reader.map();
    return map ? dict_of(amqp::Reader(map->items), map->count, depth + 1) : malformed();
  }
  const auto value = reader.scalar();
  return reader.failed() ? malformed() : std::visit(ScalarToPython{}, value);
}

}  // namespace

std::optional<ManagementAnswer> manage(Bridge& bridge,
                                       std::vector<std::pair<std::string, ManagementArgument>> arguments,
                                       double timeout) {
  Engine& engine = *bridge.engine;
  const auto exchange = std::make_shared<Exchange>(engine, std::move(arguments));
  auto answer = exchange->done.get_future();
  engine.outbound()->push([exchange] { exchange->start(); });
  const bool came = answer.wait_for(std::chrono::duration<double>(timeout)) == std::future_status::ready;
  if (!came) engine.outbound()->push([exchange] { exchange->end(); });
  return came ? std::optional(answer.get()) : std::nullopt;
}

PyObject* to_python(std::string_view encoded) {
  if (encoded.empty()) return Py_NewRef(Py_None);
  amqp::Reader reader(encoded);
  return convert(reader, 0);
}

PyObject* describe_message(std::string_view encoded) {
  const auto view = amqp::MessageView::parse(encoded);
  if (!view) return malformed();
  Ref dict = Ref::steal(PyDict_New());
  const auto put = [&dict](const char* name, PyObject* value) {
    const Ref owned = Ref::steal(value);
    return owned && PyDict_SetItemString(dict.get(), name, owned.get()) == 0;
  };
  const auto properties = view->properties();
  const std::pair<const char*, std::string_view> fields[] = {{"to", properties.to},
                                                             {"subject", properties.subject},
                                                             {"content_type", properties.content_type},
                                                             {"group_id", properties.group_id}};
  for (const auto& [name, value] : fields) {
    if (!value.empty() && !put(name, text(value))) return nullptr;
  }
  if (!properties.message_id.empty() && !put("message_id", to_python(properties.message_id))) return nullptr;
  for (const auto raw : {view->raw_message_annotations(), view->raw_application_properties()}) {
    if (raw.empty()) continue;
    const Ref entries = Ref::steal(to_python(raw));
    if (!entries || PyDict_Update(dict.get(), entries.get()) != 0) return nullptr;
  }
  std::string scratch;
  const auto body = view->body(scratch);
  if (!put("body", PyBytes_FromStringAndSize(body.data(), static_cast<Py_ssize_t>(body.size())))) return nullptr;
  return Py_XNewRef(dict.get());
}

}  // namespace bascule::python
