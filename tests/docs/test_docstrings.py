"""Every example in a doc string runs, that of the compiled extension included, and everything public has one.

Public is what the reference of the manual describes, and its methods and properties. A class, a function and a method show
an example in a doc string of their own. A property is one value: an example of its class that asks for it is enough.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import truthlag

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE
MODULES = ["truthlag", *sorted(module.name for module in pkgutil.walk_packages(truthlag.__path__, "truthlag."))]
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PUBLIC = sorted(
    name for page in REFERENCE.glob("*.md") for name in re.findall(r"auto(?:class|function):: (\S+)", page.read_text())
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    for test in _doctests(module):
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        runner.run(test, out=report.append)
        assert runner.failures == 0, "".join(report)


def test_the_reference_describes_what_is_exported() -> None:
    exported = {f"truthlag.{name}" for name in truthlag.__all__ if not name.startswith("__")}
    assert exported <= set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_it_shows_an_example(name: str) -> None:
    assert _examples(_resolved(name)), f"the doc string of {name} has no example"


@pytest.mark.parametrize("name", PUBLIC)
def test_its_methods_show_examples(name: str) -> None:
    methods = {attribute: member for attribute, member in _members(name) if callable(member)}
    silent = {attribute for attribute, member in methods.items() if not _examples(member)}
    assert not silent


@pytest.mark.parametrize("name", PUBLIC)
def test_its_properties_are_in_an_example(name: str) -> None:
    shown = _examples(_resolved(name))
    for attribute, member in _members(name):
        if isinstance(member, property):
            assert inspect.getdoc(member), f"{name}.{attribute} has no doc string"
            assert _examples(member) or re.search(rf"\.{attribute}\b", shown), f"no example asks for {name}.{attribute}"


def _resolved(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _members(name: str) -> Iterator[tuple[str, Any]]:
    """The public attributes of a class that truthlag defines; none of a function."""
    described = _resolved(name)
    if isinstance(described, type):
        for attribute, member in inspect.getmembers(described):
            if not attribute.startswith("_") and _is_ours(described, attribute):
                yield attribute, member


def _examples(described: object) -> str:
    """The lines of code of its doc string."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(described) or "")
    return "".join(example.source for example in examples)


def _doctests(module: ModuleType) -> list[doctest.DocTest]:
    # Methods of the extension carry their text in C; `DocTestFinder` finds them through their class.
    return [test for test in doctest.DocTestFinder().find(module, module.__name__) if test.examples]


def _is_ours(described: type, attribute: str) -> bool:
    """Whether a class of truthlag defines the attribute, rather than one of the standard library."""
    owner = next(base for base in described.__mro__ if attribute in vars(base))
    return owner.__module__.split(".")[0] == "truthlag"
