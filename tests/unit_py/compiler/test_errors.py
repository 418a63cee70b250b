"""Every contract error says file, line, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SERVICE = "service S {{\n  {method}\n}}\n"


def method(text: str) -> str:
    return "struct T {\n  1: i32 a\n  2: list<string> b\n}\nservice S {\n" + text + "\n}\n"


# name, contract, the line, what the message must hold
CASES = [
    ("syntax", "struct A {\n  1: i32 x\n  oops\n}", 4, "syntax error at '}'"),
    ("thrifts_own", "struct A {\n  1: i32 x\n  1: i32 y\n}", 3, "already been used; give each field"),
    ("unknown_type", "struct A {\n  1: Nowhere x\n}", 2, "there is no type Nowhere in contract.thrift"),
    ("unknown_type_in_container", "struct A {\n  1: map<string, list<Nowhere>> x\n}", 2, "there is no type Nowhere"),
    ("missing_include", '\ninclude "nowhere.thrift"', 2, 'include "nowhere.thrift" is not found; correct the path'),
    ("cpp_word", "struct A {\n  1: i32 class\n}", 2, "; rename it"),
    ("no_id", "struct A {\n  i32 x\n}", 2, "A.x has no id of its own; write `1: ...`"),
    ("default_range", "struct A {\n  1: i8 x = 300\n}", 2, "default of A.x: 300 is no i8; write a number from -128 to 127"),
    ("default_enum", "enum E {\n  A = 1\n}\nstruct S {\n  1: E e = 7\n}", 6, "value 7; use one of the enum's values"),  # Thrift's own line: where it had read to
    ("default_struct", 'struct P {\n  1: i32 x\n}\nstruct S {\n  1: P p = {"z": 1}\n}', 6, 'No field named "z"'),
    ("constant_range", "const i16 A = 70000", 1, "constant A: 70000 is no i16"),
    ("enum_number_twice", "enum E {\n  A = 1\n  B = 1\n}", 1, "E.B and E.A are both 1"),
    ("recursion_by_value", "struct N {\n  1: optional N n\n}", 2, "N cannot hold itself; write `N& n` or use a list"),
    ("declared_later", "struct A {\n  1: B b\n}\nstruct B {\n  1: i32 x\n}", 2, "B is declared after A, which holds it; move it up"),
    ("reserved_method", method("  void dispatch()"), 6, "dispatch is a name of Bascule's own"),
    ("inherited_method", "service A {\n  void f()\n}\nservice B extends A {\n  void f()\n}", 5, "Function f is already defined"),
    ("throws_struct", method("  void f() throws (1: T t)"), 6, "non-exception types; declare what is thrown with `exception`"),
    ("unknown_api", method('  void f() (api.gte = "/x")'), 6, "unknown annotation api.gte on a method; did you mean api.get?"),
    ("unknown_vt", "struct A {\n  1: i32 x (vt.gtt = \"1\")\n}", 2, "vt.gtt is no check of this type; did you mean vt.gt?"),
    ("unknown_event", 'struct A {\n  1: i32 x\n} (event.keyy = "x")', 3, "did you mean event.key?"),
    ("misspelt_policy", method('  void f() (idempotant = "true")'), 6, "unknown annotation idempotant on a method; did you mean idempotent?"),
    ("wrong_place", 'struct A {\n  1: i32 x (api.get = "/x")\n}', 2, "api.get does not belong on a field; it stands on a method"),
    ("unsupported", method('  void f(1: string a (api.form = "a"))'), 6, "api.form is not supported by Bascule"),
    ("annotation_twice", method('  void f() (timeout = "1s", timeout = "2s")'), 6, "timeout stands twice"),
    ("annotation_line", method('  void f() (\n    idempotent = "true",\n    api.gett = "/x"\n  )'), 8, "api.gett"),
    ("lost_in_type", 'struct A {\n  1: list<string (vt.pattern = "x")> x\n}', 2, "vt.pattern inside a type is lost"),
    ("vt_on_struct", 'struct P {\n  1: i32 x\n}\nstruct A {\n  1: P p (vt.gt = "1")\n}', 5, "vt.gt is no check of this type"),
    ("vt_value", 'struct A {\n  1: i32 x (vt.gt = "one")\n}', 2, 'vt.gt = "one" does not fit the type'),
    ("vt_out_of_type", 'struct A {\n  1: i8 x (vt.le = "300")\n}', 2, "does not fit the type"),
    ("vt_size", 'struct A {\n  1: string x (vt.max_size = "-1")\n}', 2, "is no size"),
    ("vt_pattern", 'struct A {\n  1: string x (vt.pattern = "(")\n}', 2, "is no regular expression"),
    ("vt_backreference", 'struct A {\n  1: string x (vt.pattern = "(a)\\\\1")\n}', 2, "linear time"),
    ("vt_enum", 'enum E {\n  A\n}\nstruct S {\n  1: E e (vt.in = "B")\n}', 5, 'contract.E has no value "B"'),
    ("vt_elem_of_scalar", 'struct A {\n  1: i32 x (vt.elem.gt = "1")\n}', 2, "is for lists and sets"),
    ("vt_contradiction", 'struct A {\n  1: i32 x (vt.gt = "5", vt.lt = "5")\n}', 2, "leave no value"),
    ("vt_sizes_crossed", 'struct A {\n  1: string x (vt.min_size = "5", vt.max_size = "4")\n}', 2, "no value can hold both"),
    ("auth", method('  void f() (auth = "nobody")'), 6, 'auth = "nobody" is not known'),
    ("public_with_scopes", method('  void f() (auth = "public", scopes = "a")'), 6, "public and asks for scopes"),
    ("idempotent", method('  void f() (idempotent = "maybe")'), 6, "is not a truth"),
    ("timeout", method('  void f() (timeout = "soon")'), 6, 'write "500ms", "5s" or "2m"'),
    ("timeout_zero", method('  void f() (timeout = "0s")'), 6, "is no duration"),
    ("retry", method('  void f() (retry = "often")'), 6, "is no count"),
    ("rate_limit", method('  void f() (rate_limit = "lots")'), 6, "is no rate"),
    ("cache_without_get", method('  void f() (api.post = "/x", cache = "5s")'), 6, "only answers to GET are kept"),
    ("exception_code", 'exception E {\n  1: i32 x\n} (api.http_code = "200")\nservice S {\n  void f() throws (1: E e)\n}', 1, "is no error status"),
    ("route_slash", method('  void f() (api.get = "x")'), 6, 'does not start with a slash; write "/x"'),
    ("route_empty_segment", method('  void f() (api.get = "/a//b")'), 6, "empty segment"),
    ("route_segment", method('  void f(1: i32 id) (api.get = "/a/x{id}")'), 6, "neither a word nor one variable"),
    ("route_brace", method('  void f(1: i32 id) (api.get = "/a/{id")'), 6, "neither a word nor one variable"),
    ("route_wildcard", method('  void f() (api.get = "/a/*")'), 6, "neither a word nor one variable"),
    ("route_query", method('  void f() (api.get = "/a?b=c")'), 6, "neither a word nor one variable"),
    ("route_of_gateway", method('  void f() (api.get = "/metrics")'), 6, "the gateway's own"),
    ("route_variable_twice", method('  void f(1: i32 id) (api.get = "/:id/:id")'), 6, "names id twice"),
    ("route_variable_unbound", method('  void f(1: i32 id) (api.get = "/:idd")'), 6, "binds no argument"),
    ("route_variable_struct", method('  void f(1: T t) (api.get = "/:t")'), 6, "not a scalar"),
    ("path_not_in_route", method('  void f(1: i32 id (api.path = "key")) (api.get = "/x")'), 6, 'add ":key" to it'),
    ("two_sources", method('  void f(1: i32 a (api.query = "a", api.header = "b")) (api.get = "/x")'), 6, "keep one"),
    ("query_struct_field", method('  void f(1: list<T> t) (api.get = "/x")'), 6, "not a scalar; put it into the body"),
    ("header_name", method('  void f(1: i32 a (api.header = "a b")) (api.get = "/x")'), 6, "is no header name"),
    ("binding_collision", method('  void f(1: i32 a, 2: i32 b (api.query = "a")) (api.get = "/x")'), 6, "both come from query a"),
    ("header_collision", method('  void f(1: i32 a (api.header = "X-A"), 2: i32 b (api.header = "x-a")) (api.get = "/x")'), 6, "both come from header"),
    ("whole_body_twice", method('  void f(1: T a (api.body = "*"), 2: T b (api.body = "*")) (api.post = "/x")'), 6, "both are the body"),
    ("whole_body_and_rest", method('  void f(1: T a (api.body = "*"), 2: i32 b) (api.post = "/x")'), 6, "b has no place"),
    ("body_renamed", method('  void f(1: i32 a (api.body = "b")) (api.post = "/x")'), 6, "names nothing"),
    ("success_code", method('  void f() (api.get = "/x", api.http_code = "404")'), 6, "is no status of a success"),
    ("no_content_with_body", method('  T f() (api.get = "/x", api.http_code = "204")'), 6, "has no body"),
    ("code_without_route", method('  void f() (api.http_code = "201")'), 6, "without a route"),
    ("duplicate_route", method('  T f(1: i32 a) (api.get = "/x/:a")\n  T g(1: i32 b) (api.get = "/x/{b}")'), 7, "is also the route of S.f"),
    ("event_key", 'struct E {\n  1: i32 a\n} (event.key = "b")', 1, 'event.key = "b" names no field of E; its fields are a'),
    ("event_key_type", 'struct E {\n  1: double a\n} (event.key = "a")', 2, "cannot be an event.key"),
    ("event_key_optional", 'struct E {\n  1: optional i32 a\n} (event.key = "a")', 2, "make it required"),
    ("event_topic", 'struct E {\n  1: i32 a\n} (event.topic = "shop E")', 1, "is no topic"),
    ("event_topic_twice", 'struct E {\n  1: i32 a\n} (event.topic = "events.a.X")\nstruct F {\n  1: i32 a\n} (event.topic = "events.a.X")', 4, "share the topic"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "holds"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_says_where_and_what(problems: Callable[[str], list[str]], text: str, line: int, holds: str) -> None:
    found = problems(text)
    assert len(found) == 1, found
    assert found[0].startswith(f"{line}: "), found[0]
    assert holds in found[0]
    assert ";" in found[0], "it does not say what to do"


def test_all_problems_are_told_at_once_in_order(problems: Callable[[str], list[str]]) -> None:
    found = problems(
        'struct A {\n  1: i8 x = 300\n  2: i32 y (vt.nope = "1")\n}\nservice S {\n  void f() (api.get = "x")\n}'
    )
    assert [problem.split(":")[0] for problem in found] == ["2", "3", "6"]


def test_a_problem_of_an_included_file_names_that_file(contract_file: Callable[..., Path], tmp_path: Path) -> None:
    from basculec.cli import checked
    from basculec.errors import ContractError

    contract_file('struct A {\n  1: i32 x (vt.nope = "1")\n}', "inner.thrift")
    with pytest.raises(ContractError) as caught:
        checked(contract_file('include "inner.thrift"\nstruct B {\n  1: inner.A a\n}'), [])
    assert caught.value.problems[0].startswith(f"{tmp_path}/inner.thrift:2: ")


def test_two_files_of_one_name_are_refused(contract_file: Callable[..., Path]) -> None:
    from basculec.cli import checked
    from basculec.errors import ContractError

    contract_file("struct A {\n  1: i32 x\n}", "a/same.thrift")
    contract_file("struct B {\n  1: i32 x\n}", "same.thrift")
    contract_file('include "same.thrift"\n', "a/user.thrift")
    with pytest.raises(ContractError, match=r"two files of one contract are named same\.thrift"):
        checked(contract_file('include "same.thrift"\ninclude "a/user.thrift"\n'), [])


def test_two_files_of_one_namespace_do_not_share_a_name(contract_file: Callable[..., Path]) -> None:
    from basculec.cli import checked
    from basculec.errors import ContractError

    contract_file("namespace * n\nstruct A {\n  1: i32 x\n}", "one.thrift")
    contract_file("namespace * n\nenum A {\n  B\n}", "two.thrift")
    with pytest.raises(ContractError, match=r"n\.A is also declared in"):
        checked(contract_file('include "one.thrift"\ninclude "two.thrift"\n'), [])


def test_a_word_that_only_a_generator_refuses_is_found_in_the_source(
    contract_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thrift 0.17 says `generation:1` for such words, 0.19 takes them."""
    from basculec.thrift_tool import complaints

    path = contract_file("struct A {\n  1: i32 next\n}")
    monkeypatch.chdir(path.parent)
    text = '[FAILURE:generation:1] Cannot use reserved language keyword: "next"'
    assert complaints(text, path)[0].startswith("contract.thrift:2: Cannot use reserved language keyword")


def test_annotations_of_others_are_left_alone(compile_text: Callable[[str], object]) -> None:
    compile_text('struct A {\n  1: i32 x (go.tag = "x", deprecated)\n} (java.final)')
