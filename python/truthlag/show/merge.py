"""Several ordered streams of events as one, holding one batch of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthlag.show.events import Events, count_up_to, join_events, last_key, sort_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def merge_streams(streams: Iterable[Iterator[Events]]) -> Iterator[Events]:
    """Merge streams that are each in order, as batches in order.

    What comes at or before the last event held of every stream can be let go: nothing earlier follows in any of them.
    """
    waiting = [(head, stream) for stream in streams if (head := _next_batch(stream)) is not None]
    while waiting:
        horizon = min(last_key(head) for head, _ in waiting)
        ready: list[Events] = []
        still: list[tuple[Events, Iterator[Events]]] = []
        for head, stream in waiting:
            count = count_up_to(head, horizon)
            ready.append(head.slice(0, count))
            rest = head.slice(count) if count < head.num_rows else _next_batch(stream)
            if rest is not None:
                still.append((rest, stream))
        waiting = still
        yield sort_events(join_events(ready))


def _next_batch(stream: Iterator[Events]) -> Events | None:
    """The next batch that holds anything."""
    return next((batch for batch in stream if batch.num_rows), None)
