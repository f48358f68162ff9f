"""Entry point of the command `truthlag`. It imports nothing of the extra `cli` before knowing that it is there."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec

from truthlag.show.ending import orderly_ending

NEEDED = ("click", "rich", "pyarrow")


def main() -> None:
    """Run the command line, or say what to install for it and exit with 1."""
    with orderly_ending():
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            lacks = ", ".join(f"`{name}`" for name in missing)
            sys.stderr.write(
                f"the truthlag command line needs {lacks}, not installed here; run: pip install 'truthlag[cli]'\n"
            )
            sys.exit(1)
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A file name or a value of the log may hold what the terminal has no character for.
            sys.stdout.reconfigure(errors="backslashreplace")
        from truthlag.show.commands import truthlag

        truthlag(prog_name="truthlag")


if __name__ == "__main__":
    main()
