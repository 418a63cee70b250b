"""Jinja2, set up once for every template."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent.parent / "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: Any) -> str:
    text = _ENVIRONMENT.get_template(template).render(**values)
    return re.sub(r"\n{4,}", "\n\n\n", text)


def indent(lines: list[str], by: int) -> list[str]:
    return [" " * by + line if line else line for line in lines]
