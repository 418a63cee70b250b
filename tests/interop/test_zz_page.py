"""docs/interop.md says what the suite found. Runs last, by its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interop.clients import BY_NAME
from interop.page import PAGE, Findings, render


def test_the_page_says_what_was_found(findings: Findings, pytestconfig: pytest.Config) -> None:
    modules = {path.name for path in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name}
    if findings.modules != modules or pytestconfig.option.keyword or any(known.missing() for known in BY_NAME.values()):
        pytest.skip("only a run of the whole suite, with every client, knows what the page must say")
    page = render(findings)
    if os.environ.get("BASCULE_INTEROP_PAGE") == "write":
        PAGE.write_text(page)
    assert PAGE.exists() and PAGE.read_text() == page, "write it anew: BASCULE_INTEROP_PAGE=write ./bascule test interop"
