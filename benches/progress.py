"""A line that says what a long run is doing."""

import sys
from time import perf_counter


class Progress:
    """Writes to standard error: one line that changes on a terminal, one line a step elsewhere."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._start = perf_counter()
        self._step = ""

    def step(self, name: str) -> None:
        """Begin another benchmark."""
        self._step = name
        self._write("", lasting=True)

    def say(self, text: str) -> None:
        """Tell what the benchmark is at; shown on a terminal only."""
        self._write(text, lasting=False)

    def clear(self) -> None:
        """Wipe the changing line, before something else is printed."""
        if self._terminal and not self._quiet:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _write(self, text: str, *, lasting: bool) -> None:
        if self._quiet or not (self._terminal or lasting):
            return
        line = f"[{perf_counter() - self._start:5.0f} s] {self._step}  {text}".rstrip()
        sys.stderr.write(f"\r\x1b[K{line[:100]}" if self._terminal else f"{line}\n")
        sys.stderr.flush()
