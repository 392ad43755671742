"""How long a proof under load runs: SEGMENTARY_LOAD_SECONDS, 3 unless it is set; `make load` sets 30."""

import os

SECONDS = float(os.environ.get("SEGMENTARY_LOAD_SECONDS", "3"))
