"""disk_shim.c as a library to preload, compiled once a session."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("disk_shim.c")


@functools.cache
def library() -> Path:
    made = Path(tempfile.mkdtemp(prefix="bascule-shim-")) / "disk_shim.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-U_FORTIFY_SOURCE", "-o", str(made), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return made


def environment(
    data: Path,
    *,
    log: Path | None = None,
    kill: str = "",
    fail: str = "",
    only_while: Path | None = None,
    slow_sync_ms: int = 0,
) -> dict[str, str]:
    """What makes a program's disk under `data` fail as told (disk_shim.c says how)."""
    given = {
        "CHAOS_LOG": str(log or ""),
        "CHAOS_KILL": kill,
        "CHAOS_FAIL": fail,
        "CHAOS_FAIL_WHILE": str(only_while or ""),
        "CHAOS_SLOW_SYNC": str(slow_sync_ms or ""),
    }
    return {
        "LD_PRELOAD": str(library()),
        "CHAOS_DATA": str(data),
        **{key: value for key, value in given.items() if value},
    }
