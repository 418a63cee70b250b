"""Reading logs from their end, and following them over a rotation."""

from __future__ import annotations

from pathlib import Path

from bascule.platform.logs import CHUNK, LogFile, last_lines


def test_the_last_lines_of_a_long_file(tmp_path: Path) -> None:
    file = tmp_path / "x.log"
    file.write_text("".join(f"line {number} {'x' * 100}\n" for number in range(CHUNK // 50)))
    assert [line.split()[1] for line in last_lines(file, 3)] == [str(CHUNK // 50 - 3 + n) for n in range(3)]
    assert last_lines(file, 0) == []
    assert last_lines(tmp_path / "none.log", 3) == []


def test_only_whole_new_lines_are_told(tmp_path: Path) -> None:
    file = tmp_path / "x.log"
    file.write_text("old\n")
    follower = LogFile(file)
    assert follower.new_lines() == []
    with file.open("a") as log:
        log.write("one\ntw")
        log.flush()
        assert follower.new_lines() == ["one"]
        log.write("o\n")
        log.flush()
        assert follower.new_lines() == ["two"]


def test_a_rotated_file_is_read_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "x.log"
    file.write_text("a long line that was there\n")
    follower = LogFile(file)
    file.rename(tmp_path / "x.log.1")
    file.write_text("new\n")
    assert follower.new_lines() == ["new"]
    assert LogFile(tmp_path / "later.log").new_lines() == []
