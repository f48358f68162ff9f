"""The script that makes a page of the manual, as a module."""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

MANUAL = Path(__file__).parents[2] / "docs"


@lru_cache
def page_script(place: str) -> Any:
    """The module of a script, by its path from the manual's folder on; one module however often it is asked for."""
    path = MANUAL / place
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its data classes look their module up; and it imports what lies beside it.
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module
