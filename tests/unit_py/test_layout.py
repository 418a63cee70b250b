"""Paths: short sockets, folders that cannot be taken over, and no two platforms on one path."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule.errors import PlatformError
from bascule.platform.layout import MAX_SOCKET_PATH, Layout, own_folder, socket_folder


def test_two_data_folders_have_different_sockets(tmp_path: Path) -> None:
    assert socket_folder(tmp_path / "a") != socket_folder(tmp_path / "b")
    assert socket_folder(tmp_path / "a") == socket_folder(tmp_path / "a")


def test_a_long_data_folder_has_short_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 200)
    assert len(str(socket_folder(deep) / "pg" / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH
    runtime = tmp_path / ("r" * 100)
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert socket_folder(deep).is_relative_to("/tmp")


def test_the_runtime_folder_is_used_when_it_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = Path("/tmp") / f"x{abs(hash(tmp_path)) % 10**6}"
    short.mkdir()
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
        assert socket_folder(tmp_path).parent == short / "bascule"
        monkeypatch.setenv("XDG_RUNTIME_DIR", "/proc")
        monkeypatch.setattr("os.getuid", lambda: 4242)
        assert socket_folder(tmp_path).parent == Path("/tmp/bascule-4242")
    finally:
        short.rmdir()


def test_a_link_in_the_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(PlatformError, match="belongs to somebody else"):
        own_folder(tmp_path / "link")


def test_secrets_and_configurations_are_the_owners_alone(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path / "data")
    layout.make()
    assert layout.secrets.stat().st_mode & 0o777 == 0o700
    assert layout.configs.stat().st_mode & 0o777 == 0o700
