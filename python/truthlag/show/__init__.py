"""The command line: `truthlag replay` runs a recorded log through the tracker, `truthlag demo` tells the story of one.

Nothing here is imported by `import truthlag`. The packages it needs are those of the extra `cli`; without them, the import
of any module of this folder raises ImportError with the command that brings them.
"""

from importlib.util import find_spec as _find_spec

_MISSING = [name for name in ("click", "rich", "pyarrow") if _find_spec(name) is None]

if _MISSING:
    _lacks = ", ".join(f"`{name}`" for name in _MISSING)
    raise ImportError(
        f"the truthlag command line needs {_lacks}, not installed here; run: pip install 'truthlag[cli]'", name=__name__
    )
