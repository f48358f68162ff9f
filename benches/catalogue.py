"""Every benchmark by name, in the order in which they run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benches.batch import batch
from benches.calls import call_cost, worst_calls
from benches.checks import checks
from benches.comparisons import comparisons, evaluations
from benches.detectors import detector_updates
from benches.figure import Figure
from benches.imports import imports
from benches.incremental import incremental
from benches.latency_guardrail import latency_guardrail
from benches.memory import memory
from benches.pairs import string_pairs, uuid_pairs
from benches.planned_looks import planned_looks
from benches.progress import Progress
from benches.ranking import snapshots
from benches.sizes import Sizes
from benches.watched import watched_batches, watched_calls
from benches.windows import baseline_query, in_time_order, with_shuffled_times


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark: what it shows, and the generator of its figures."""

    shows: str
    figures: Callable[[Sizes, Progress], Iterator[Figure]]


CATALOGUE = {
    "imports": Benchmark("import time beside numpy's", imports),
    "calls": Benchmark("one log_prediction over an empty loop", call_cost),
    "strings": Benchmark("a prediction and a label a request, string ids", string_pairs),
    "uuids": Benchmark("a prediction and a label a request, UUIDs, labels shuffled", uuid_pairs),
    "worst": Benchmark("the worst single call", worst_calls),
    "ordered": Benchmark("compute_metrics in time order", in_time_order),
    "shuffled": Benchmark("compute_metrics with shuffled times", with_shuffled_times),
    "plain-query": Benchmark("the same query of the baseline", baseline_query),
    "snapshot": Benchmark("a full snapshot with AUC", snapshots),
    "batch": Benchmark("arrays to metrics, against pandas, polars and DuckDB", batch),
    "incremental": Benchmark("new labels and metrics on a large store, against DuckDB", incremental),
    "detectors": Benchmark("values of the detectors, against River", detector_updates),
    "watched": Benchmark("batches of labels into a tracker that is watched", watched_batches),
    "watched-calls": Benchmark("labels one by one into a tracker that is watched", watched_calls),
    "checks": Benchmark("one check of a tracker against a baseline", checks),
    "evaluate": Benchmark("the plain comparison of two arms, against plain code", evaluations),
    "guardrail": Benchmark("the p99 guardrail of two arms, against the plain code", latency_guardrail),
    "compare": Benchmark("comparisons from statistics, and of many segments", comparisons),
    "looks": Benchmark("one look of a group sequential plan", planned_looks),
    "memory": Benchmark("resident bytes of a pending prediction", memory),
}
