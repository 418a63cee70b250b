"""The codec: bytes, values and verdicts, native beside pure beside Apache's library."""

from __future__ import annotations

import gc
import sys
from typing import Any

import apache_oracle
import everything
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from values import same, values

from bascule.codec import NATIVE
from bascule.failures import DecodeError, EncodeError, InvalidArgument, Unimplemented

REGISTRIES = {"native": everything.registry(), "pure": everything.registry(use_pure=True)}
NATIVE_, PURE = REGISTRIES["native"], REGISTRIES["pure"]
EVERYTHING = {"ref": "t.Everything"}


@pytest.fixture(params=["native", "pure"])
def codec(request: pytest.FixtureRequest) -> Any:
    return REGISTRIES[request.param]


def verdict(registry: Any, name: str, data: bytes, binary: bool) -> Any:
    try:
        return registry.plan(name).decode(data, binary)
    except DecodeError as error:
        return ("refused", error.message, error.offset, error.path)


def test_this_run_compares_two_codecs() -> None:
    assert NATIVE
    assert type(NATIVE_.plan("t.Inner")) is not type(PURE.plan("t.Inner"))


@pytest.mark.parametrize("binary", [False, True])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_values_survive_and_bytes_are_apaches(binary: bool, data: st.DataObject) -> None:
    value = data.draw(values(NATIVE_, EVERYTHING))
    encoded = NATIVE_.plan("t.Everything").encode(value, binary)
    assert same(NATIVE_.plan("t.Everything").decode(encoded, binary), value)
    assert encoded == apache_oracle.encode(NATIVE_, EVERYTHING, value, binary=binary)
    theirs = PURE.plan("t.Everything").decode(encoded, binary)
    assert same(theirs, value)
    assert PURE.plan("t.Everything").encode(theirs, binary) == NATIVE_.plan("t.Everything").encode(
        NATIVE_.plan("t.Everything").decode(encoded, binary), binary
    )


@pytest.mark.parametrize("binary", [False, True])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_get_the_same_verdict(binary: bool, data: st.DataObject) -> None:
    value = data.draw(values(NATIVE_, EVERYTHING))
    damaged = bytearray(NATIVE_.plan("t.Everything").encode(value, binary))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    one, other = (verdict(each, "t.Everything", bytes(damaged), binary) for each in (NATIVE_, PURE))
    assert one == other if isinstance(one, tuple) else same(one, other)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=60),
    st.booleans(),
    st.sampled_from(["t.Everything", "t.Choice", "t.Node", "t.WithUuid"]),
)
def test_any_bytes_get_the_same_verdict(data: bytes, binary: bool, name: str) -> None:
    one, other = verdict(NATIVE_, name, data, binary), verdict(PURE, name, data, binary)
    assert one == other if isinstance(one, tuple) else same(one, other)


def test_uuid_is_sixteen_bytes(codec: Any) -> None:
    import uuid

    cls = codec.classes["t.WithUuid"]
    value = cls(id=uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"))
    encoded = codec.plan("t.WithUuid").encode(value)
    assert encoded == bytes.fromhex("1d00112233445566778899aabbccddeeff00")
    assert codec.plan("t.WithUuid").decode(encoded) == value


def test_fields_are_written_by_id_not_by_declaration(codec: Any) -> None:
    value = codec.classes["t.Strict"](a=7, b="x")
    encoded = codec.plan("t.Strict").encode(value)
    assert encoded == b"\x18\x01x\x25\x0e\x00"
    assert codec.plan("t.Strict").decode(b"\x35\x0e\x08\x02\x01x\x00") == value  # any order is read


def test_a_missing_required_field_is_named(codec: Any) -> None:
    with pytest.raises(DecodeError) as caught:
        codec.plan("t.Everything").decode(b"\xbc\x00\x00")
    assert (caught.value.path, caught.value.offset) == ("t.Everything.inner.id", 2)


def test_the_path_leads_to_the_element(codec: Any) -> None:
    good = codec.classes["t.Inner"](id=1, name="a")
    encoded = bytearray(codec.plan("t.Everything").encode(codec.classes["t.Everything"](inners=[good, good])))
    encoded[encoded.rindex(b"\x01a") + 1] = 0xFF
    with pytest.raises(DecodeError, match="not UTF-8") as caught:
        codec.plan("t.Everything").decode(bytes(encoded))
    assert caught.value.path == "t.Everything.inners[1].name"
    with pytest.raises(EncodeError) as refused:
        codec.plan("t.Everything").encode(
            codec.classes["t.Everything"](inners=[good, codec.classes["t.Inner"](id="1")])
        )
    assert (refused.value.path, refused.value.message) == (
        "t.Everything.inners[1].id",
        "expected int, got str",
    )


def test_unknown_fields_and_unknown_wire_types_are_passed_over(codec: Any) -> None:
    # field 9 (unknown): list of maps; field 2 comes as a list although the contract says string
    data = b"\x16\x08" + b"\x89\x1b\x01\x58\x02\x01x" + b"\x09\x04\x15\x02" + b"\x00"
    assert codec.plan("t.Inner").decode(data) == codec.classes["t.Inner"](id=4)


def test_depth_is_bounded_for_known_and_unknown_fields(codec: Any) -> None:
    def nested(levels: int) -> bytes:
        return b"\x2c" * (levels - 1) + b"\x00" * levels

    assert codec.plan("t.Node").decode(nested(32)) is not None
    for name in ("t.Node", "t.Oops"):  # to Oops field 2 is an int: all of it is skipped
        with pytest.raises(DecodeError, match="nested too deep"):
            codec.plan(name).decode(nested(33))
    deep = codec.classes["t.Node"]()
    for _ in range(32):
        deep = codec.classes["t.Node"](next=deep)
    with pytest.raises(EncodeError, match="nested too deep"):
        codec.plan("t.Node").encode(deep)


def test_sizes_are_bounded_before_anything_is_allocated(codec: Any) -> None:
    huge = b"\xff\xff\xff\xff\x07"
    for data in (
        b"\xd9\xf5" + huge,
        b"\xe9\xf1" + huge,
        b"\x0a\x20\xf8" + huge,
        b"\x0b\x22" + huge + b"\x86",
    ):
        with pytest.raises(DecodeError, match="larger than the bytes left"):
            codec.plan("t.Everything").decode(data)


def test_messages_over_one_mebibyte_are_refused_both_ways(codec: Any) -> None:
    with pytest.raises(DecodeError, match="larger than allowed"):
        codec.plan("t.Inner").decode(bytes((1 << 20) + 1))
    with pytest.raises(EncodeError, match="over the limit"):
        codec.plan("t.Inner").encode(codec.classes["t.Inner"](id=1, name="x" * (1 << 20)))


def test_bytes_behind_the_end_are_refused(codec: Any) -> None:
    with pytest.raises(DecodeError, match="bytes follow the end"):
        codec.plan("t.Inner").decode(b"\x16\x02\x00\x00")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("tiny", 128, "does not fit i8"), ("small", -32769, "does not fit i16"), ("normal", 2**31, "does not fit i32"),
        ("large", 2**63, "does not fit i64"), ("colour", 2**31, "does not fit i32"), ("flag", 1, "expected bool, got int"),
        ("real", "1", "expected float, got str"), ("text", b"x", "expected str, got bytes"),
        ("text", "\ud800", "cannot be written as UTF-8"), ("raw", "x", "expected bytes, got str"),
        ("numbers", {1}, "expected list, got set"), ("words", ["a"], "expected set, got list"),
        ("by_name", [1], "expected dict, got list"), ("text", None, "must not be None"),
        ("inner", 3, "expected t.Inner, got int"), ("real", 10**400, "does not fit double"),
    ],
)  # fmt: skip
def test_values_that_the_contract_does_not_allow(codec: Any, field: str, value: object, message: str) -> None:
    with pytest.raises(EncodeError) as caught:
        codec.plan("t.Everything").encode(codec.classes["t.Everything"](**{field: value}))
    assert (caught.value.path, caught.value.message) == (f"t.Everything.{field}", message)


def test_unions_hold_exactly_one_field(codec: Any) -> None:
    choice = codec.classes["t.Choice"]
    assert (choice(text="a").which, choice(text="a").value) == ("text", "a")
    with pytest.raises(TypeError, match="exactly one field"):
        choice(text="a", number=1)
    with pytest.raises(DecodeError, match="no known field"):
        codec.plan("t.Choice").decode(b"\x00")
    with pytest.raises(DecodeError, match="more than one field"):
        codec.plan("t.Choice").decode(b"\x15\x02\x18\x01a\x00")
    both = choice(number=1)
    both.text = "a"
    with pytest.raises(EncodeError, match="exactly one field"):
        codec.plan("t.Choice").encode(both)


def test_enum_values_of_a_newer_contract_survive(codec: Any) -> None:
    colour = codec.classes["t.Colour"]
    value = codec.plan("t.Everything").decode(
        codec.plan("t.Everything").encode(codec.classes["t.Everything"](colour=colour(77), colours=[colour.FAR]))
    )
    assert isinstance(value.colour, colour)
    assert (value.colour, value.colour.name, value.colours) == (77, "", [colour.FAR])


def test_absent_fields_become_zeros(codec: Any) -> None:
    value = codec.plan("t.Everything").decode(b"\x00")
    assert value == codec.classes["t.Everything"]()
    assert codec.plan("t.Everything").decode(b"\x00").numbers is not value.numbers
    assert codec.plan("t.Holder").decode(b"\x00").inner == codec.classes["t.Inner"](id=0)


def test_calls_and_replies(codec: Any) -> None:
    choice, inner, oops = (codec.classes[f"t.{name}"] for name in ("Choice", "Inner", "Oops"))
    find, tell, clear = (codec.method_plan("t.Thing", name) for name in ("find", "tell", "clear"))
    assert find.decode_call(find.encode_call((4, choice(number=3)))) == (4, choice(number=3))
    assert find.decode_reply(find.encode_return(inner(id=3), True), True) == inner(id=3)
    with pytest.raises(oops) as caught:
        find.decode_reply(find.encode_raise(oops(message="gone", code=3)))
    assert (str(caught.value), caught.value.code) == ("gone", 3)
    assert find.encode_raise(KeyError("undeclared")) is None
    assert clear.decode_reply(clear.encode_return(None)) is None
    with pytest.raises(EncodeError):
        clear.encode_return(3)
    with pytest.raises(DecodeError, match="not a call of this method"):
        tell.decode_call(clear.encode_call(()))
    with pytest.raises(DecodeError, match="neither a result"):
        find.decode_reply(clear.encode_return(None))
    with pytest.raises(DecodeError, match="not a reply"):
        clear.decode_reply(clear.encode_call(()))


def test_absent_arguments_take_the_contracts_default(codec: Any) -> None:
    tell = codec.method_plan("t.Thing", "tell")
    empty = b"\x82\x81\x00\x04tell\x00"
    assert tell.decode_call(empty) == (["a"],)
    assert tell.decode_call(empty)[0] is not tell.decode_call(empty)[0]
    find = codec.method_plan("t.Thing", "find")
    assert find.decode_call(b"\x82\x21\x00\x04find\x00") == (50, None)


def test_an_application_exception_is_a_platform_failure(codec: Any) -> None:
    def answer(code: int) -> bytes:
        return b"\x82\x61\x00\x04find\x18\x02no\x15" + bytes([code << 1]) + b"\x00"

    with pytest.raises(Unimplemented, match="no"):
        codec.method_plan("t.Thing", "find").decode_reply(answer(1))
    with pytest.raises(InvalidArgument):
        codec.method_plan("t.Thing", "find").decode_reply(answer(7))


def test_decoding_leaks_no_references(codec: Any) -> None:
    plan, cls = codec.plan("t.Everything"), codec.classes["t.Everything"]
    data = plan.encode(cls(inners=[codec.classes["t.Inner"](id=9)], by_list={(1,): []}))
    bad = data[:-4]

    def work() -> None:
        for _ in range(200):
            plan.decode(data)
            with pytest.raises(DecodeError):
                plan.decode(bad)

    work()
    gc.collect()
    before = sys.getrefcount(cls), sys.getrefcount(codec.classes["t.Inner"]), sys.getrefcount(None)
    work()
    gc.collect()
    after = sys.getrefcount(cls), sys.getrefcount(codec.classes["t.Inner"]), sys.getrefcount(None)
    assert all(abs(a - b) < 50 for a, b in zip(before, after, strict=True))
