"""docs/interop.md, made from what the suite found: which feature works with which client."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from interop.clients import BY_NAME, LIBRARIES, QPID_JMS, Library
from interop.driver import CLIENTS, TREE

PAGE = TREE / "docs" / "interop.md"
WORKS, CANNOT, NOT_YET, FAILS = "yes", "–", "not yet", "**fails**"

HEAD = """# Interoperability

Unmodified AMQP 1.0 clients against `bascule-broker`, both ways: `./bascule test interop`. This page is what the suite found; a test
fails when it is not, and `BASCULE_INTEROP_PAGE=write ./bascule test interop` writes it anew.

The clients are small programs in `tests/interop/clients/`, one a library, which one suite drives. Their toolchains come from
`tools/packages/interop.txt`, their libraries at pinned versions from their own registries; both are fetched the first time that the suite
runs, into `build/interop`. Where a toolchain cannot be had, its tests are skipped and say so; where `CI` is set they fail.
"""


def versions() -> dict[str, str]:
    rhea = json.loads((CLIENTS / "rhea" / "package.json").read_text())["dependencies"]["rhea"]
    jms = re.search(r"qpid-jms-client</artifactId>\s*<version>([^<]+)", (CLIENTS / "qpid_jms" / "pom.xml").read_text())
    go = re.search(r"go-amqp v(\S+)", (CLIENTS / "go_amqp" / "go.mod").read_text())
    assert jms is not None
    assert go is not None
    return {
        "proton_cpp": "Debian's `libqpid-proton-cpp12`",
        "proton_python": "Debian's `python3-qpid-proton`",
        "rhea": f"{rhea}, npm, Node.js 18 and later",
        "go_amqp": f"{go[1]}, Go modules, Go 1.18 and later; the library under Azure's SDKs for Go",
        "qpid_jms": f"{jms[1]}, Maven, Java 17 and later",
    }


@dataclass
class Findings:
    """What each test found: feature -> client -> verdicts."""

    rows: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)

    def note(self, feature: str, clients: list[str], verdict: str, reason: str) -> None:
        row = self.rows.setdefault(feature, {})
        for name in clients:
            # A skip is about the library that its reason begins with; of a pair, only that one cannot.
            if verdict == CANNOT and not reason.startswith(BY_NAME[name].title):
                continue
            row.setdefault(name, set()).add(verdict)

    def cell(self, feature: str, client: Library) -> str:
        found = self.rows[feature].get(client.name, set())
        for verdict in (FAILS, NOT_YET, WORKS, CANNOT):
            if verdict in found:
                return verdict
        return ""

    def jms_rows(self) -> list[str]:
        return [feature for feature, row in self.rows.items() if set(row) == {QPID_JMS.name}]


def render(findings: Findings) -> str:
    pinned = versions()
    jms = findings.jms_rows()
    lines = [HEAD, "| client | version |", "| --- | --- |"]
    lines += [f"| {library.title} | {pinned[library.name]} |" for library in BY_NAME.values()]
    lines += ["", "## AMQP", "", f"`{CANNOT}`: the library has no means for it. `{NOT_YET}`: the broker lacks it.", ""]
    lines += table(findings, [feature for feature in findings.rows if feature not in jms], list(BY_NAME.values()))
    lines += ["", "## JMS", ""]
    lines += [f"| feature | {QPID_JMS.title} |", "| --- | --- |"]
    lines += [f"| {feature} | {findings.cell(feature, QPID_JMS)} |" for feature in jms]
    lines += ["", "## What the libraries cannot do", ""]
    lines += [f"- {library.title}: " + "; ".join(f"{what} ({why})" for what, why in library.cannot.items()) + "." for library in LIBRARIES if library.cannot]
    lines += [
        "",
        "There is no .NET toolchain in Debian, and NuGet's packages need one: AMQP.Net Lite is not run. What its users rely on is in the rows above:",
        "receivers that settle second, credit one at a time, drains, selectors, dynamic nodes.",
    ]
    return "\n".join(lines) + "\n"


def table(findings: Findings, features: list[str], columns: list[Library]) -> list[str]:
    head = "| feature | " + " | ".join(library.title for library in columns) + " |"
    rows = [f"| {f} | " + " | ".join(findings.cell(f, library) for library in columns) + " |" for f in features]
    return [head, "| --- |" + " --- |" * len(columns), *rows]
