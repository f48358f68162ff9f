"""Every example in a doc string runs, that of the compiled extension included, and every public name has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import truthlag

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE
MODULES = ["truthlag", *sorted(module.name for module in pkgutil.walk_packages(truthlag.__path__, "truthlag."))]
PUBLIC = sorted(name for name in truthlag.__all__ if not name.startswith("__"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    for test in _doctests(module):
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        runner.run(test, out=report.append)
        assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_described_with_an_example(name: str) -> None:
    described = getattr(truthlag, name)
    if not callable(described):
        return
    text = inspect.getdoc(described) or ""
    assert text, f"truthlag.{name} has no doc string"
    if not (isinstance(described, type) and issubclass(described, BaseException)):
        assert ">>> " in text, f"the doc string of truthlag.{name} has no example"


@pytest.mark.parametrize("name", PUBLIC)
def test_public_methods_are_described(name: str) -> None:
    described = getattr(truthlag, name)
    if not isinstance(described, type):
        return
    silent = [
        f"{name}.{attribute}"
        for attribute, member in inspect.getmembers(described)
        if not attribute.startswith("_") and (callable(member) or isinstance(member, property))
        if _is_ours(described, attribute) and not inspect.getdoc(member)
    ]
    assert silent == []


def _doctests(module: ModuleType) -> list[doctest.DocTest]:
    # Methods of the extension carry their text in C; `DocTestFinder` finds them through their class.
    return [test for test in doctest.DocTestFinder().find(module, module.__name__) if test.examples]


def _is_ours(described: type, attribute: str) -> bool:
    """Whether a class of truthlag defines the attribute, rather than one of the standard library."""
    owner = next(base for base in described.__mro__ if attribute in vars(base))
    return owner.__module__.split(".")[0] == "truthlag"
