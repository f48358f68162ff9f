from __future__ import annotations

import gzip
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from truthlag.show.csv_log import CsvLog
from truthlag.show.errors import LogError
from truthlag.show.log_file import open_log

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, *wanted: str, rows: int = 3) -> tuple[list[int], list[list[str]], list[tuple[int, str]]]:
    numbers: list[int] = []
    cells: list[list[str]] = [[] for _ in wanted]
    broken: list[tuple[int, str]] = []
    # A few rows a batch, so that most tests cross from one to the next.
    with patch("truthlag.show.csv_log.ROWS_IN_BATCH", rows):
        for batch in open_log(str(path)).batches(wanted):
            numbers += batch.numbers.tolist()
            broken += batch.broken
            for column, name in zip(cells, wanted, strict=True):
                column += batch.cells[name].to_pylist()
    return numbers, cells, broken


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_line_ends_byte_order_marks_and_delimiters(tmp_path: Path, end: str, mark: bytes, delimiter: str) -> None:
    path = tmp_path / "log.csv"
    lines = [f"a{delimiter} b", f"1{delimiter}x", f"2{delimiter}y"]
    path.write_bytes(mark + end.join(lines).encode())
    assert read(path, "b", "a") == ([2, 3], [["x", "y"], ["1", "2"]], [])


def test_blank_lines_and_quoted_line_ends_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('a,b\n\n1,x\n\n\n\n2,"y\ny"\n3,z\n')
    assert read(path, "b") == ([3, 7, 9], [["x", "y\ny", "z"]], [])


def test_many_blank_lines_are_not_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a,b\n" + "\n" * 20 + "1,x\n")
    assert read(path, "a") == ([22], [["1"]], [])


def test_rows_of_another_length_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a,b\n1\n2,y\n3,z,z\n")
    numbers, cells, broken = read(path, "a")
    assert (numbers, cells) == ([3], [["2"]])
    assert broken == [(2, "has 1 field, the header 2"), (4, "has 3 fields, the header 2")]


def test_an_endless_quote_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('a,"b\n' + "1,x\n" * 50_000)
    with pytest.raises(LogError, match=r"log\.csv, line 1: the header is not CSV \(field larger than"):
        open_log(str(path))


@pytest.mark.parametrize("rows", [3, 20, 1_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("compressed", [False, True])
def test_an_endless_quote_costs_its_own_line_only(tmp_path: Path, rows: int, end: str, compressed: bool) -> None:
    path = tmp_path / "log.csv"
    lines = ["a,b", "1,x", '2,"y', '3,"z', 'z"', "", *(f"{number},x" for number in range(7, 500))]
    content = "".join(line + end for line in lines).encode()
    path.write_bytes(gzip.compress(content) if compressed else content)
    numbers, (first, second), broken = read(path, "a", "b", rows=rows)
    assert numbers == [2, 4, *range(7, 500)]
    assert first == ["1", "3", *map(str, range(7, 500))]
    assert second == ["x", f"z{end}z", *["x"] * 493]
    assert broken == [(3, "opens a quote that closes on line 4, inside a field")]


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(gzip.compress(b"a,b\n1,x\n"))
    assert read(path, "b") == ([2], [["x"]], [])


def test_a_gzip_file_that_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"".join(b"%d,x\n" % number for number in range(100_000)))[:-2_000])
    with pytest.raises(LogError, match=r"log\.csv\.gz: the compressed file is damaged or cut short"):
        read(path, "a", rows=1_000)


def test_what_is_not_utf8_spoils_its_own_cell_only(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"a,b\n1,caf\xe9\n2,y\n")
    assert read(path, "a", "b") == ([2, 3], [["1", "2"], ["caf\ufffd", "y"]], [])


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.touch()
    assert CsvLog(str(path)).names == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [("a,b\n".encode("utf-16"), "UTF-16"), (b"\x28\xb5\x2f\xfd....", "compressed"), (b"PK\x03\x04....", "compressed")],
)
def test_other_kinds_of_files_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(LogError, match=reason):
        open_log(str(path))


def test_no_file_and_no_regular_file(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "absent.csv", "no such file"), (tmp_path, "not a regular file")):
        with pytest.raises(LogError, match=reason):
            open_log(str(path))
