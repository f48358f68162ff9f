"""A test that runs: who is in which arm, what came of them, and what follows."""

from truthlag.verdict.abtest.live.logged_look import LoggedLook
from truthlag.verdict.abtest.live.metric_spec import OutcomeMetric, TrackerMetric
from truthlag.verdict.abtest.live.model_ab_test import ModelABTest

__all__ = ["LoggedLook", "ModelABTest", "OutcomeMetric", "TrackerMetric"]
