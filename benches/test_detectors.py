"""The detectors of the benchmark give the right alarms."""

import pytest

from benches.detectors import CONTESTS, DetectorLoad, detector_updates
from benches.fixture import BenchmarkFixture
from benches.plain_detectors import e_detector_alarms
from benches.progress import Progress
from benches.sizes import FULL, QUICK
from truthlag.detectors import EDetector


@pytest.mark.parametrize("name", CONTESTS)
def test_update_many(benchmark: BenchmarkFixture, name: str) -> None:
    contest = CONTESTS[name]
    if contest.river is not None:
        pytest.importorskip("river")
    load = DetectorLoad(QUICK.detector_values, QUICK.single_values)
    load.check(name)
    benchmark.pedantic(lambda: contest.make().update_many(load.array), rounds=3)


def test_checks_of_rivals_and_models_see_alarms() -> None:
    pytest.importorskip("river")
    load = DetectorLoad(QUICK.detector_values, FULL.single_values)
    silent = {name for name in CONTESTS if name != "KSWIN" and not load.check(name)}
    # Their defaults are for larger changes.
    assert silent <= {"FHDDM", "HDDMA", "HDDMW", "PageHinkley"}


@pytest.mark.parametrize("arl", [20.0, 300.0])
def test_plain_e_detector_is_ours(arl: float) -> None:
    values = DetectorLoad(100, 2_000).errors
    alarms = e_detector_alarms(values, 0.05, arl)
    assert len(alarms) > 5
    assert EDetector(0.05, arl=arl).update_many(values).tolist() == alarms


def test_figures(progress: Progress) -> None:
    pytest.importorskip("river")
    whats = [figure.what for figure in detector_updates(QUICK, progress)]
    assert len(set(whats)) == len(whats) > 3 * len(CONTESTS) - 10
