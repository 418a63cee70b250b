"""How a struct and a method of a contract are read and written."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from bascule.codec.pure.binary import BinaryReader, BinaryWriter
from bascule.codec.pure.compact import CompactReader, CompactWriter
from bascule.codec.pure.faults import MESSAGE_LIMIT, TYPES, Fault, expected, step
from bascule.codec.pure.reader import Reader, read_application, read_value
from bascule.codec.pure.writer import Writer, write_field
from bascule.failures import DecodeError, EncodeError

_UNSET = object()


class FieldPlan:
    __slots__ = ("absent", "how", "id", "index", "name", "requiredness", "spec", "wire")

    def __init__(self, given: tuple[Any, ...], index: int) -> None:
        self.id, self.name, self.spec, self.requiredness, self.absent, self.how = given
        self.wire, self.index = TYPES[self.spec[0]], index


class Plan:
    """How one struct of a contract is read and written."""

    def __init__(self, name: str, cls: type[Any] | None, exception: bool, one_of: bool) -> None:
        self.name, self.cls, self.exception, self.one_of = name, cls, exception, one_of
        self.fields: list[FieldPlan] = []
        self.by_id: dict[int, FieldPlan] = {}

    def set_fields(self, fields: list[tuple[Any, ...]]) -> None:
        made = [FieldPlan(each, index) for index, each in enumerate(fields)]
        self.fields = sorted(made, key=lambda each: each.id)
        self.by_id = {each.id: each for each in self.fields}

    # -- the outside ---------------------------------------------------------------------------------------------------

    def encode(self, value: Any, binary: bool = False) -> bytes:
        return self.written(binary, lambda writer: self.write(writer, value))

    def decode(self, data: bytes, binary: bool = False) -> Any:
        return self._opened(data, binary, self.read)

    def encode_message(self, name: str, type: int, value: Any, binary: bool = False) -> bytes:
        if not 1 <= type <= 4:
            raise ValueError("a message type is 1 to 4")

        def write(writer: Writer) -> None:
            writer.message_begin(name, type)
            self.write(writer, value)

        return self.written(binary, write)

    def decode_message(self, data: bytes, binary: bool = False) -> tuple[str, int, Any]:
        def read(reader: Reader) -> tuple[str, int, Any]:
            name, kind = reader.message_begin()
            if kind == 3:
                raise read_application(reader)
            return name, kind, self.read(reader)

        opened: tuple[str, int, Any] = self._opened(data, binary, read)
        return opened

    def _opened(self, data: bytes, binary: bool, read: Callable[[Reader], Any]) -> Any:
        try:
            reader = (BinaryReader if binary else CompactReader)(bytes(data))
            value = read(reader)
            if reader.at != len(reader.data):
                reader.fail("bytes follow the end")
        except Fault as fault:
            raise DecodeError(fault.what, fault.offset, self.name + "".join(reversed(fault.path))) from None
        return value

    def written(self, binary: bool, write: Callable[[Writer], None]) -> bytes:
        writer: Writer = BinaryWriter() if binary else CompactWriter()
        try:
            write(writer)
            if len(writer.out) > MESSAGE_LIMIT:
                raise Fault(f"the message has {len(writer.out)} bytes, over the limit of {MESSAGE_LIMIT}")
        except Fault as fault:
            raise EncodeError(fault.what, self.name + "".join(reversed(fault.path))) from None
        return bytes(writer.out)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, reader: Reader) -> Any:
        values: dict[str, Any] = {}
        reader.struct_begin()
        while True:
            wire, identity = reader.field_begin()
            if wire == 0:
                break
            field = self.by_id.get(identity)
            if field is None or field.wire != wire:
                reader.skip(wire)
                continue
            with step("." + field.name):
                values[field.name] = read_value(reader, field.spec, False)
        reader.struct_end()
        if self.one_of and len(values) != 1:
            reader.fail("more than one field of the union is set" if values else "no known field of the union is set")
        for field in self.fields:
            if field.name in values:
                continue
            if field.requiredness == 1:
                with step("." + field.name):
                    reader.fail("a required field is missing")
            values[field.name] = self._absent(field, 0)
        return self._made(values)

    def _made(self, values: dict[str, Any]) -> Any:
        if self.cls is None:
            return tuple(values[each.name] for each in sorted(self.fields, key=lambda each: each.index))
        made: Any = object.__new__(self.cls) if not self.exception else BaseException.__new__(self.cls)
        for name, value in values.items():
            setattr(made, name, value)
        return made

    def _absent(self, field: FieldPlan, depth: int) -> Any:
        if field.how == 2:
            plan: Plan = field.spec[1]
            return plan.zero(depth + 1)
        if field.how == 1:
            return field.absent()
        return zero_value(field.spec, depth) if field.requiredness == 1 else field.absent

    def zero(self, depth: int) -> Any:
        if depth > 16 or self.one_of:
            return None
        return self._made({field.name: self._absent(field, depth) for field in self.fields})

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, writer: Writer, value: Any) -> None:
        if self.cls is None:
            if not isinstance(value, tuple) or len(value) != len(self.fields):
                raise Fault(f"expected a tuple of {len(self.fields)} arguments")
            items = {field.name: value[field.index] for field in self.fields}
        else:
            if not isinstance(value, self.cls):
                raise expected(self.name, value)
            items = {field.name: getattr(value, field.name, _UNSET) for field in self.fields}
        if not writer.struct_begin():
            raise Fault("is nested too deep")
        written = 0
        for field in self.fields:
            item = items[field.name]
            with step("." + field.name):
                if item is None or item is _UNSET:
                    if (
                        field.requiredness == 2
                        or self.one_of
                        or (field.requiredness == 0 and field.spec[0] == "struct")
                    ):
                        continue
                    raise Fault("is not set" if item is _UNSET else "must not be None")
                write_field(writer, field.id, field.spec, item)
            written += 1
        if self.one_of and written != 1:
            raise Fault("exactly one field of a union must be set")
        writer.struct_end()


def zero_value(spec: tuple[Any, ...], depth: int) -> Any:
    kind = spec[0]
    if kind == "struct":
        return spec[1].zero(depth + 1)
    if kind == "enum":
        return spec[1](0)
    if kind == "uuid":
        return uuid.UUID(int=0)
    return (
        {"bool": False, "double": 0.0, "string": "", "binary": b""}.get(kind, 0)
        if kind not in _FACTORIES
        else _FACTORIES[kind]()
    )


_FACTORIES: dict[str, Callable[[], Any]] = {"list": list, "set": set, "map": dict}


class Method:
    """How one method's messages are read and written."""

    def __init__(self, name: str, oneway: bool, args: Plan, result: Plan) -> None:
        self.name, self.oneway, self._args, self._result = name, oneway, args, result

    def encode_call(self, args: tuple[Any, ...], binary: bool = False) -> bytes:
        return self._args.encode_message(self.name, 4 if self.oneway else 1, args, binary)

    def decode_call(self, data: bytes, binary: bool = False) -> tuple[Any, ...]:
        name, kind, args = self._args.decode_message(data, binary)
        if kind not in (1, 4) or name != self.name:
            raise DecodeError("the message is not a call of this method", 0, self.name)
        values: tuple[Any, ...] = args
        return values

    def encode_return(self, value: Any, binary: bool = False) -> bytes:
        success = self._result.by_id.get(0)
        if success is None and value is not None:
            raise EncodeError(f"{self.name} returns nothing by its contract, but got {type(value).__name__}")
        return self._answer(success, value, binary)

    def encode_raise(self, exception: BaseException, binary: bool = False) -> bytes | None:
        for field in self._result.fields:
            if field.id != 0 and isinstance(exception, field.spec[1].cls):
                return self._answer(field, exception, binary)
        return None

    def _answer(self, field: FieldPlan | None, value: Any, binary: bool) -> bytes:
        def write(writer: Writer) -> None:
            writer.message_begin(self.name, 2)
            writer.struct_begin()
            if field is not None:
                write_field(writer, field.id, field.spec, value)
            writer.struct_end()

        return self._result.written(binary, write)

    def decode_reply(self, data: bytes, binary: bool = False) -> Any:
        _, kind, values = self._result.decode_message(data, binary)
        if kind != 2:
            raise DecodeError("the message is not a reply", 0, self.name)
        for field in self._result.fields:
            value = values[field.index]
            if value is None:
                continue
            if field.id == 0:
                return value
            raise value
        if 0 in self._result.by_id:
            raise DecodeError("the reply holds neither a result nor a declared exception", 0, self.name)
        return None
