"""Puts a table where a page of the manual has its marks."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def write_table(page: Path, name: str, rows: str) -> None:
    """Replace the rows of the table after the mark of this name, whose heading stays, and print them."""
    text = page.read_text(encoding="utf-8")
    marked = re.compile(rf"(<!-- {name} -->\n\n.*?\|\n\|[-|]+\|\n).*?(\n\n<!-- end -->)", re.DOTALL)
    text, found = marked.subn(lambda table: f"{table[1]}{rows}{table[2]}", text)
    if found != 1:
        sys.exit(f"{page.name} must have one table {name}, got {found}")
    page.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{rows}\n")
