"""The names of a log's columns, and the check that a file has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthlag.show.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Columns:
    """What the columns of the log are called."""

    request_id: str = "request_id"
    timestamp: str = "timestamp"
    prediction: str = "prediction"
    score: str | None = "score"
    """`None` when the log has no scores: AUC is then undefined."""
    label: str = "label"
    label_timestamp: str = "label_timestamp"
    label_request_id: str = "request_id"
    """The id in a separate file of labels."""

    def of_predictions(self) -> list[str]:
        """The columns read from a file that holds predictions only."""
        names = [self.request_id, self.timestamp, self.prediction]
        return names if self.score is None else [*names, self.score]

    def of_labels(self) -> list[str]:
        """The columns read from a separate file of labels."""
        return [self.label_request_id, self.label, self.label_timestamp]

    def of_both(self) -> list[str]:
        """The columns read from one file that holds predictions and their labels."""
        return [*self.of_predictions(), self.label, self.label_timestamp]


def require(path: str, wanted: Iterable[str], found: Sequence[str], hint: str) -> None:
    """Raise `LogError` naming the wanted columns that the file lacks, and those that it has."""
    missing = [name for name in wanted if name not in found]
    if missing:
        lacks = ", ".join(f"`{name}`" for name in missing)
        listed = ", ".join(f"`{name}`" for name in found) or "no column at all"
        column_is = "column {} is" if len(missing) == 1 else "columns {} are"
        raise LogError(f"{path}: {column_is.format(lacks)} missing\nthe file has {listed}\n{hint}")
    for name in wanted:
        if found.count(name) > 1:
            raise LogError(f"{path}: column `{name}` occurs {found.count(name)} times")
