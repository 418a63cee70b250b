"""How test counts are read, and that a run without tests is not taken for a success."""

from __future__ import annotations

import sys
from pathlib import Path

from bascule.cli.checks import Check, ctest_count, pytest_count


def test_ctest_closing_line_is_counted() -> None:
    assert ctest_count("100% tests passed, 0 tests failed out of 57\n") == 57
    assert ctest_count("98% tests passed, 2 tests failed out of 57\n") == 55
    assert ctest_count("No tests were found!!!\n") == 0


def test_pytest_closing_line_is_counted() -> None:
    assert pytest_count("===== 12 passed, 1 skipped in 0.34s =====") == 12
    assert pytest_count("===== 1 failed, 3 passed in 0.34s =====") == 3
    assert pytest_count("no tests ran in 0.01s") == 0


def test_a_run_that_counted_nothing_fails(tmp_path: Path) -> None:
    outcome = Check("empty", [sys.executable, "-c", "print('no tests ran')"], tmp_path, pytest_count).run()
    assert not outcome.ok
    assert outcome.passed == 0


def test_a_failing_program_fails_though_tests_passed(tmp_path: Path) -> None:
    program = "print('1 failed, 3 passed'); raise SystemExit(1)"
    outcome = Check("bad", [sys.executable, "-c", program], tmp_path, pytest_count).run()
    assert not outcome.ok
    assert outcome.passed == 3


def test_a_missing_program_says_what_to_do(tmp_path: Path) -> None:
    outcome = Check("lint", ["no-such-linter"], tmp_path).run()
    assert not outcome.ok
    assert "./bascule setup" in outcome.summary
