"""Memory and import: what can only be seen in a fresh process."""

import pytest

from benches.imports import imported
from benches.memory import probe
from benches.resident import resident_bytes
from benches.sizes import QUICK


@pytest.mark.parametrize("kind", ["lean", "uuid"])
def test_memory_probe(kind: str) -> None:
    rows = QUICK.memory_rows[0]
    measured = probe(kind, rows)
    assert measured["rows"] == rows
    assert measured["resident"] > 0
    assert measured["reported"] > 0


def test_resident_bytes_grow_with_what_is_held() -> None:
    before = resident_bytes()
    held = bytearray(b"x") * 50_000_000
    assert resident_bytes() - before > len(held) // 2


def test_import_leaves_scipy_alone() -> None:
    assert not imported("truthlag")["scipy"]
