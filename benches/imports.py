"""What `import truthlag` costs a process, beside `import numpy`, which it needs."""

import json
from collections.abc import Iterator, Mapping

from benches import fresh
from benches.figure import Figure, at_most, median_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, ratios, scaled

SCRIPT = """
import sys, time
start = time.perf_counter()
import {module}
took = time.perf_counter() - start
print('{{"seconds": %r, "scipy": %d}}' % (took, "scipy" in sys.modules))
"""


def imported(module: str) -> Mapping[str, float]:
    """Return the seconds of the import in a fresh interpreter, and whether scipy came along."""
    measured: dict[str, float] = json.loads(fresh.python("-c", SCRIPT.format(module=module)))
    return measured


def require_no_scipy(module: str) -> float:
    """Return the seconds of the import; raise AssertionError if it loads scipy."""
    measured = imported(module)
    if measured["scipy"]:
        raise AssertionError(f"import {module} loads scipy")
    return measured["seconds"]


def imports(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the time of both imports and their ratio; the first, unmeasured ones write the bytecode."""
    modules = ("truthlag", "numpy")
    for module in modules:
        imported(module)
    contenders = {module: (lambda module=module: require_no_scipy(module)) for module in modules}
    times = interleave(contenders, sizes.imports, progress.say)
    for module in modules:
        yield median_figure(f"import {module}", scaled(times[module], 1e3), "ms")
    yield median_figure(
        "import truthlag over import numpy", ratios(times["truthlag"], times["numpy"]), "x", at_most(1.3)
    )
