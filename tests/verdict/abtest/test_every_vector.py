"""Every entry of abtest.json is held against the library by a test."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest

from tests.verdict.abtest.vector_audit import CHECKED, NOT_TO_DO, Checked
from tests.verdict.abtest.vectors import PATH

TESTS = Path(__file__).parents[1]
BY_TESTS = CHECKED | NOT_TO_DO


@cache
def source(file: str) -> str:
    return (TESTS / file).read_text(encoding="utf-8")


@cache
def functions_of(file: str) -> frozenset[str]:
    """The functions of a file, those of classes with the class before them."""
    found = []
    for node in ast.parse(source(file)).body:
        if isinstance(node, ast.FunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            found += [f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)]
    return frozenset(found)


def test_nothing_is_left_out() -> None:
    if not PATH.is_file():
        pytest.skip(f"abtest.json is not in {PATH.parent}")
    names = [entry["name"] for entry in json.loads(PATH.read_text())]
    assert len(set(names)) == len(names)
    assert sorted([*CHECKED, *NOT_TO_DO]) == sorted(names)


@pytest.mark.parametrize("name", sorted(BY_TESTS))
def test_what_checks_it_is_there(name: str) -> None:
    by: Checked = BY_TESTS[name]
    assert by.test in functions_of(by.file), f"{by.file} has no {by.test}"
    assert by.mention is None or name.startswith(by.mention.removesuffix("{"))
    assert (by.mention or f'"{name}"') in source(by.file), f"{by.file} does not read {name}"
