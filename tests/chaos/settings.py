"""How much of it: by the environment, so that `BASCULE_CHAOS_KILLS=1000 ./bascule test chaos` is the long variant."""

from __future__ import annotations

import os

KILLS = int(os.environ.get("BASCULE_CHAOS_KILLS", "60"))  # rounds of the kill -9 loop
FULL = os.environ.get("BASCULE_CHAOS_FULL", "") == "1"  # every crash point and every sampled bit, not a sample of them
SEED = int(os.environ.get("BASCULE_CHAOS_SEED", "1"))  # of what is left to chance
