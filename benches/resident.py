"""The resident memory of this process."""

import re
from pathlib import Path


def resident_bytes() -> int:
    """Return the bytes of this process that are in memory, from /proc (Linux only).

    The roll-up walks the page tables and is exact; statm, the fallback, may lag by some pages a thread.
    """
    rollup = Path("/proc/self/smaps_rollup")
    if rollup.exists():
        found = re.search(r"^Rss:\s+(\d+) kB", rollup.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
