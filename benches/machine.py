"""What the figures were measured on: without it no absolute figure means anything."""

import importlib.metadata
import os
import platform
from pathlib import Path

import truthlag

RIVALS = ("numpy", "pandas", "polars", "duckdb", "river")


def processor() -> str:
    """Return the processor's name, as far as the system tells."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def versions() -> str:
    """Return the versions of what is compared, those that are installed."""
    found: list[str] = []
    for name in RIVALS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def description() -> str:
    """Return one line: processor, cores, Python, the build, and what it is compared with."""
    build = truthlag.build_info()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    own = f"truthlag {build['version']} ({build['profile']})"
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()}; {python}; {own}; {versions()}"
