"""Print what pyproject.toml asks for, one requirement a line, without building the project.

    python tools/requirements.py runtime      the build back end and the run-time dependencies
    python tools/requirements.py test docs    the named extras, with the extras that they name in turn

Installers can only resolve an extra of a project that they have built; the Makefile installs the dependencies first
and builds once, so that neither waits for the other and each is redone only when it has changed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
OF_ITSELF = re.compile(r"truthlag\[(?P<extras>[\w,\s-]+)\]")


def requirements(group: str) -> list[str]:
    """The requirements of `runtime` or of one extra; KeyError when pyproject.toml has no such extra."""
    if group == "runtime":
        return [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    found = []
    for requirement in PROJECT["project"]["optional-dependencies"][group]:
        nested = OF_ITSELF.fullmatch(requirement)
        if nested is None:
            found.append(requirement)
        else:
            found += [line for extra in nested["extras"].split(",") for line in requirements(extra.strip())]
    return found


if __name__ == "__main__":
    print("\n".join(dict.fromkeys(line for group in sys.argv[1:] for line in requirements(group))))
