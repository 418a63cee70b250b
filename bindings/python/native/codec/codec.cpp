#include "native/codec/codec.hpp"

#include "native/codec/encoder.hpp"

namespace bascule::python {

namespace {

constexpr thrift::Limits limits{};

/// Calls body(reader or writer type) for the protocol asked for.
template <class Compact, class Binary, class Body>
auto with(Wire wire, Body body) {
  return wire == Wire::compact ? body(static_cast<Compact*>(nullptr)) : body(static_cast<Binary*>(nullptr));
}

template <class Reader>
PyObject* finished(Decoder<Reader>& decoder, std::string_view root, PyObject* made) {
  if (made != nullptr && decoder.in.remaining() != 0) {
    Py_CLEAR(made);
    decoder.trouble.set("bytes follow the end");
  }
  if (made != nullptr) return made;
  if (decoder.trouble.what.empty()) decoder.trouble.set(std::string(thrift::to_string(decoder.in.fault())));
  raise_decode_error(decoder.trouble, root, decoder.in.offset());
  return nullptr;
}

template <class Writer>
bool written(Encoder<Writer>& encoder, const StructPlan& plan, bool ok) {
  encoder.out.flush();
  if (ok && encoder.out.size() > limits.message) {
    ok = encoder.trouble.set("the message has " + std::to_string(encoder.out.size()) + " bytes, over the limit of " +
                             std::to_string(limits.message));
  }
  if (!ok) raise_encode_error(encoder.trouble, plan.name);
  return ok;
}

/// Raises what a message of type EXCEPTION holds: {1: string message, 2: i32 type}.
template <class Reader>
void raise_application(Decoder<Reader>& decoder) {
  std::string message;
  std::int32_t code = 0;
  Reader& in = decoder.in;
  in.struct_begin();
  for (thrift::Field field = in.field_begin(); field.type != thrift::Type::stop; field = in.field_begin()) {
    if (field.id == 1 && field.type == thrift::Type::string) {
      message = in.string();
    } else if (field.id == 2 && field.type == thrift::Type::i32) {
      code = in.i32();
    } else {
      in.skip(field.type);
    }
  }
  if (!in.ok()) return void(finished(decoder, "TApplicationException", nullptr));
  const Ref error = Ref::steal(PyObject_CallFunction(error_classes().application.get(), "s#i", message.data(),
                                                     static_cast<Py_ssize_t>(message.size()), code));
  if (error) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
}

template <class Reader>
bool open(const StructPlan& plan, std::string_view bytes, Opened& opened) {
  Decoder<Reader> decoder(bytes, limits);
  opened.header = decoder.in.message_begin();
  if (!decoder.in.ok()) return finished(decoder, plan.name, nullptr) != nullptr;
  if (opened.header.type == thrift::MessageType::exception) return raise_application(decoder), false;
  opened.body = finished(decoder, plan.name, decoder.structure(plan));
  return opened.body != nullptr;
}

PyObject* bytes_from(const std::string& out) {
  return PyBytes_FromStringAndSize(out.data(), static_cast<Py_ssize_t>(out.size()));
}

const StructPlan& plan_of(PyObject* self) { return *reinterpret_cast<PlanObject*>(self)->plan; }

class Buffer {
 public:
  Buffer() noexcept { view_.obj = nullptr; }
  ~Buffer() {
    if (view_.obj != nullptr) PyBuffer_Release(&view_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Py_buffer* out() noexcept { return &view_; }
  std::string_view bytes() const { return {static_cast<const char*>(view_.buf), static_cast<std::size_t>(view_.len)}; }

 private:
  Py_buffer view_;
};

}  // namespace

PyObject* decode_struct(const StructPlan& plan, Wire wire, std::string_view bytes) {
  return with<thrift::CompactReader, thrift::BinaryReader>(wire, [&]<class Reader>(Reader*) {
    Decoder<Reader> decoder(bytes, limits);
    return finished(decoder, plan.name, decoder.structure(plan));
  });
}

bool encode_struct(const StructPlan& plan, Wire wire, PyObject* value, std::string& out) {
  return with<thrift::CompactWriter, thrift::BinaryWriter>(wire, [&]<class Writer>(Writer*) {
    Encoder<Writer> encoder(out);
    return written(encoder, plan, encoder.structure(plan, value));
  });
}

bool decode_message(const StructPlan& plan, Wire wire, std::string_view bytes, Opened& opened) {
  return with<thrift::CompactReader, thrift::BinaryReader>(
      wire, [&]<class Reader>(Reader*) { return open<Reader>(plan, bytes, opened); });
}

bool encode_message(const StructPlan& plan, Wire wire, thrift::MessageType type, std::string_view name, PyObject* value,
                    std::string& out) {
  return with<thrift::CompactWriter, thrift::BinaryWriter>(wire, [&]<class Writer>(Writer*) {
    Encoder<Writer> encoder(out);
    encoder.out.message_begin(name, type, 0);
    return written(encoder, plan, encoder.structure(plan, value));
  });
}

bool encode_result(const StructPlan& plan, Wire wire, std::string_view name, const FieldPlan* field, PyObject* value,
                   std::string& out) {
  return with<thrift::CompactWriter, thrift::BinaryWriter>(wire, [&]<class Writer>(Writer*) {
    Encoder<Writer> encoder(out);
    encoder.out.message_begin(name, thrift::MessageType::reply, 0);
    encoder.out.struct_begin();
    const bool ok = field == nullptr || encoder.field(field->id, field->type, value);
    if (ok) encoder.out.struct_end();
    return written(encoder, plan, ok);
  });
}

PyObject* plan_encode(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"value", "binary", nullptr};
  PyObject* value;
  int binary = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p", const_cast<char**>(names), &value, &binary)) return nullptr;
  std::string out;
  return encode_struct(plan_of(self), static_cast<Wire>(binary != 0), value, out) ? bytes_from(out) : nullptr;
}

PyObject* plan_decode(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"data", "binary", nullptr};
  Buffer data;
  int binary = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*|p", const_cast<char**>(names), data.out(), &binary))
    return nullptr;
  return decode_struct(plan_of(self), static_cast<Wire>(binary != 0), data.bytes());
}

PyObject* plan_encode_message(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"name", "type", "value", "binary", nullptr};
  const char* name;
  int type, binary = 0;
  PyObject* value;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "siO|p", const_cast<char**>(names), &name, &type, &value, &binary)) {
    return nullptr;
  }
  if (type < 1 || type > 4) return PyErr_SetString(PyExc_ValueError, "a message type is 1 to 4"), nullptr;
  std::string out;
  return encode_message(plan_of(self), static_cast<Wire>(binary != 0), static_cast<thrift::MessageType>(type), name,
                        value, out)
             ? bytes_from(out)
             : nullptr;
}

PyObject* plan_decode_message(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"data", "binary", nullptr};
  Buffer data;
  int binary = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*|p", const_cast<char**>(names), data.out(), &binary))
    return nullptr;
  Opened opened;
  if (!decode_message(plan_of(self), static_cast<Wire>(binary != 0), data.bytes(), opened)) return nullptr;
  return Py_BuildValue("s#iN", opened.header.name.data(), static_cast<Py_ssize_t>(opened.header.name.size()),
                       static_cast<int>(opened.header.type), opened.body);
}

}  // namespace bascule::python
