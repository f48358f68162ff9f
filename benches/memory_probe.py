"""A fresh process that logs pending predictions and says what they take.

Run as ``python -m benches.memory_probe lean 3000000``.
"""

import gc
import json
import random
import sys
from collections.abc import Iterator

from benches.answers import require_counters
from benches.resident import resident_bytes
from truthlag import ModelPerformanceTracker

WARM_UP_ROWS = 10_000


def uuid_text(source: random.Random) -> str:
    """Return a random UUID as text."""
    digits = f"{source.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def made_ids(kind: str, rows: int) -> Iterator[int | str]:
    """Yield ids that Python drops after the call, so that only the tracker's copy stays in memory."""
    if kind == "lean":
        yield from range(rows)
    else:
        source = random.Random(6)
        for _ in range(rows):
            yield uuid_text(source)


def fill(kind: str, rows: int) -> ModelPerformanceTracker:
    """Return a tracker that holds `rows` pending predictions, nothing staged."""
    tracker = ModelPerformanceTracker("bench", keep_ids=kind != "lean")
    for request_id in made_ids(kind, rows):
        tracker.log_prediction(request_id, 1, 0.75)
    require_counters(tracker.counters(), {"predictions": rows, "pending": rows})
    return tracker


def probe(kind: str, rows: int) -> dict[str, float]:
    """Return the resident bytes that a full tracker added, and what it says that it takes."""
    fill(kind, WARM_UP_ROWS)
    gc.collect()
    before = resident_bytes()
    tracker = fill(kind, rows)
    gc.collect()
    return {"rows": rows, "resident": resident_bytes() - before, "reported": tracker.memory_usage()["total"]}


if __name__ == "__main__":
    print(json.dumps(probe(sys.argv[1], int(sys.argv[2]))))
