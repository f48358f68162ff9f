"""Quotes where they belong and where they do not: which lines are rows, and how often a line is read."""

from __future__ import annotations

import csv
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from truthlag.show import csv_rows
from truthlag.show.csv_rows import LINES_OF_ROW, CsvRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Found = tuple[list[int], list[list[str]], dict[int, str]]


def found(text: str, width: int, count: int = 1_000) -> Found:
    """The lines of the rows, the rows, and the broken ones."""
    rows = CsvRows(iter(text.splitlines(keepends=True)), ",", width, 1)
    numbers: list[int] = []
    values: list[list[str]] = []
    broken: dict[int, str] = {}
    while (part := rows.read(count)) is not None:
        numbers += part.numbers
        values += part.rows
        broken.update(part.broken)
    return numbers, values, broken


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize("length", [40, 4_000])
def test_one_quote_costs_one_line(column: int, length: int) -> None:
    lines = [f"{number},{'x' * 70},y,z\n" for number in range(1, length + 1)]
    fields = lines[9].split(",")
    fields[column] = '"' + fields[column]
    lines[9] = ",".join(fields)
    numbers, _, broken = found("".join(lines), 4)
    assert numbers == [number for number in range(1, length + 1) if number != 10]
    assert list(broken) == [10]
    # A long log is not read to its end for it: a field has at most 131,072 characters.
    within = int(broken[10].removeprefix("opens a quote that does not close within ").split()[0].replace(",", ""))
    assert within == 31 if length == 40 else 1_600 < within < 1_800


def test_two_quotes_cost_two_lines() -> None:
    lines = [f"{number},y,z\n" for number in range(1, 101)]
    lines[9] = '"' + lines[9]
    lines[49] = '"' + lines[49]
    numbers, _, broken = found("".join(lines), 3)
    assert len(numbers) == 98
    assert broken == {
        # Ten and fifty make three fields together, but the quote closes in the middle of the first.
        10: "opens a quote that closes on line 50, inside a field",
        50: "opens a quote that does not close within 51 lines",
    }


def test_a_field_that_is_too_long_on_one_line() -> None:
    numbers, _, broken = found(f"1,{'y' * 131_073}\n2,y\n", 2)
    assert numbers == [2]
    assert broken == {1: "not CSV (field larger than field limit (131072))"}


def test_a_quote_that_closes_with_other_fields() -> None:
    numbers, values, broken = found('"1,x\n2,y\n3,y"\n4,y\n5,"y\ny"\n', 2)
    assert (numbers, values) == ([2, 3, 4, 5], [["2", "y"], ["3", 'y"'], ["4", "y"], ["5", "y\ny"]])
    assert broken == {1: "opens a quote that closes on line 3, and has 1 field, the header 2"}


@pytest.mark.parametrize("count", [1, 2, 5, 1_000])
def test_quoted_line_ends_are_read_across_batches(count: int) -> None:
    text = '1,"a\na\n\na"\n2,b\n\n"3\n3",c\n4,""\n5,"say ""\n"" once"\n'
    numbers, values, broken = found(text, 2, count)
    assert numbers == [1, 5, 7, 9, 10]
    assert values == [["1", "a\na\n\na"], ["2", "b"], ["3\n3", "c"], ["4", ""], ["5", 'say "\n" once']]
    assert broken == {}


def test_inside_of_one_line_quotes_may_stand_anywhere() -> None:
    assert found('1,6" pipe\n2,"big" pipe\n', 2)[:2] == ([1, 2], [["1", '6" pipe'], ["2", "big pipe"]])


@pytest.mark.parametrize("count", [1, 1_000_000])
def test_a_row_takes_so_many_lines_and_no_more(count: int) -> None:
    for ends in (LINES_OF_ROW - 1, LINES_OF_ROW):
        numbers, values, broken = found('1,"' + "\n" * ends + '"\n2,b\n', 2, count)
        if ends < LINES_OF_ROW:
            assert numbers == [1, LINES_OF_ROW + 1]
            assert values[0][1] == "\n" * ends
            assert broken == {}
        else:
            assert numbers == [LINES_OF_ROW + 2]
            assert broken[1] == "opens a quote that does not close within 10,000 lines"


class _Asked:
    """An iterator that knows whether it was asked in vain."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.in_vain = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._lines)
        except StopIteration:
            self.in_vain = True
            raise


def naive(text: str, width: int) -> tuple[list[int], list[list[str]], list[int]]:
    """Every row from its own line on, as far as it goes; a broken one costs one line."""
    lines = text.splitlines(keepends=True)
    numbers, rows, broken = [], [], []
    place = 0
    while place < len(lines):
        asked = _Asked(lines[place:])
        reader = csv.reader(asked)
        row = next(reader)
        several = reader.line_num > 1
        try:
            next(csv.reader(lines[place : place + reader.line_num], strict=several))
            good = len(row) == width and not asked.in_vain
        except csv.Error:
            good = False
        if good:
            numbers.append(place + 1)
            rows.append(row)
        elif row:
            broken.append(place + 1)
        place += reader.line_num if good else 1
    return numbers, rows, broken


def test_against_reading_everything_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    # All tries, so that nothing is given up that the slow way would find.
    monkeypatch.setattr(csv_rows, "_TRIES", 1 << 60)
    source = random.Random(7)
    several = 0
    for _ in range(3_000):
        parts = ["a", ",", '"', "\n", '"a\na"', "a,a\n"]
        text = "".join(source.choices(parts, weights=[2, 3, 2, 2, 1, 3], k=source.randrange(1, 60)))
        numbers, rows, broken = found(text, 2, source.choice((1, 2, 7, 100)))
        assert (numbers, rows, list(broken)) == naive(text, 2), text
        several += sum("\n" in field for row in rows for field in row)
    assert several > 500


def test_the_line_that_closes_a_broken_row_may_begin_a_good_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "_TRIES", 1)
    numbers, values, broken = found('"1,x\n2,y\n3,"y\ny"\n', 2)
    assert (numbers, values[1]) == ([2, 3], ["3", "y\ny"])
    assert list(broken) == [1]


@pytest.mark.parametrize("count", [1_000, 32_768])
@pytest.mark.parametrize(
    "line",
    [
        lambda number: f'"{number},y\n',
        lambda _number: '"""x,"""y\n',
        # Such a line leaves a quote open whether it was open before or not.
        lambda _number: 'x"y,"z\n',
        lambda number: 'x"y,"z\n' if number % 400 else 'x"y",z\n',
        lambda number: 'x"y,"z\n' if number % 7_000 else 'x"y",z\n',
        lambda number: '"' if number == 10 else f"{number},y\n",
    ],
)
def test_no_line_is_read_often(line: Callable[[int], str], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def reader(lines: Iterable[str], **options: Any) -> Any:
        def counting() -> Iterator[str]:
            nonlocal read
            for text in lines:
                read += 1
                yield text

        return csv.reader(counting(), **options)

    monkeypatch.setattr(csv_rows, "csv", SimpleNamespace(reader=reader, Error=csv.Error))
    length = 30_000
    found("".join(map(line, range(length))), 3, count)
    assert read <= 12 * length
