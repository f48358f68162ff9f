"""Every example of README, CONTRIBUTING and the manual runs, and prints what the page says.

The examples of a page run in order and share their names, as a reader would type them, in an empty folder.
"""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pytest

from tests.docs import console, markdown

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE
# Blocks of these kinds hold nothing that could be run: pictures of text, formulas, directives of the manual.
PROSE = {"", "text", "toctree", "math", "note", "tip", "warning", "important", "eval-rst", "include", "list-table"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of_a_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in markdown.blocks(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.not_run is not None:
            continue
        if ">>> " in block.source:
            _run_doctest(block, names, where)
        elif block.language in {"python", "testsetup"}:
            # Padded, so that a traceback names the line of the page.
            exec(compile("\n" * (block.line - 1) + block.source, str(page), "exec"), names)
        elif block.language == "console":
            printed = console.run(block.source, tmp_path, where)
        elif block.is_excerpt:
            console.check_excerpt(block.source, printed, where)
        else:
            assert block.language in PROSE, (
                f"{where}: a `{block.language}` block is not run by anything; "
                "write `python`, `{doctest}`, `console` or `text`, or say why above it: <!-- not run: reason -->"
            )


def _run_doctest(block: markdown.Block, names: dict[str, Any], where: str) -> None:
    test = doctest.DocTestParser().get_doctest(block.source, names, where, where, block.line - 1)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    assert runner.failures == 0, "".join(report)
