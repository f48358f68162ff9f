"""What the suites share."""

import pytest

from benches.progress import Progress


@pytest.fixture
def progress() -> Progress:
    """A progress that writes nothing."""
    return Progress(quiet=True)
