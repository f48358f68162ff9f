"""The examples of a Markdown page: its fenced blocks, with the line they start on and what the page says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent>\s*)(?P<ticks>`{3,})\s*\{?(?P<language>[\w-]*)\}?[^`]*$")
EXCERPT = "<!-- part of the output above -->"
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+?) -->")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    source: str
    line: int
    """The line of its first line of text, from 1."""
    not_run: str | None
    """Why it is not run, when the line before the fence is a comment `<!-- not run: reason -->`."""
    is_excerpt: bool = False
    """Whether the line before the fence says that these lines were printed by the last command of the page."""


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order; a block inside a block is text of the outer one."""
    lines = page.read_text(encoding="utf-8").splitlines()
    position = 0
    while position < len(lines):
        opening = FENCE.match(lines[position])
        if opening is None:
            position += 1
            continue
        remark = NOT_RUN.search(lines[position - 1]) if position else None
        start = position + 1
        end = start
        while end < len(lines) and lines[end].strip() != opening["ticks"]:
            end += 1
        assert end < len(lines), f"{page}:{position + 1}: the block is never closed"
        indent = len(opening["indent"])
        yield Block(
            language=opening["language"],
            source="\n".join(line[indent:] for line in lines[start:end]) + "\n",
            line=start + 1,
            not_run=remark["reason"] if remark else None,
            is_excerpt=position > 0 and lines[position - 1].strip() == EXCERPT,
        )
        position = end + 1
