"""How tests are spread over the clients."""

from __future__ import annotations

import pytest

from interop.clients import LIBRARIES, Library

EACH = pytest.mark.parametrize("client", LIBRARIES, ids=[library.name for library in LIBRARIES])


def over(pairs: list[tuple[Library, Library]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("sender", "receiver"), pairs, ids=[f"{s.name}-{r.name}" for s, r in pairs])


PAIRS = over([(s, r) for s in LIBRARIES for r in LIBRARIES])
RING = over(list(zip(LIBRARIES, LIBRARIES[1:] + LIBRARIES[:1])))
"""Each client sends once and receives once: for what is slow."""
