"""How many units a test needs, what it can find with those it has, how long it takes, and whether it is worth going on."""

from truthlag.verdict.abtest.planning.duration import Duration, duration
from truthlag.verdict.abtest.planning.longer import additional_units
from truthlag.verdict.abtest.planning.outlook import Outlook, outlook
from truthlag.verdict.abtest.planning.size import minimum_detectable_effect, power, sample_size
from truthlag.verdict.abtest.planning.test_plan import TestPlan

__all__ = [
    "Duration",
    "Outlook",
    "TestPlan",
    "additional_units",
    "duration",
    "minimum_detectable_effect",
    "outlook",
    "power",
    "sample_size",
]
