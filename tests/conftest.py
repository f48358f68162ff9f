"""What all tests share: how hard hypothesis tries. `HYPOTHESIS_PROFILE=thorough` tries much harder than usual."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No deadline: tests say what is right, never how long it takes.
USUAL = settings(
    deadline=None,
    print_blob=True,
    # In CI the same inputs in every run, so that a change is judged and not the day's luck.
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.register_profile("moderate", USUAL, max_examples=60, stateful_step_count=40)
settings.register_profile("thorough", USUAL, max_examples=3_000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "moderate"))
