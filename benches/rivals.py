"""The same question put to pandas, polars and DuckDB, each in its own idiom, each on one thread.

Join the predictions with the labels by id; count the four outcomes; mean and standard deviation of the scores.
"""

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from benches.answers import Answer
from benches.streams import Bits, Ids, Stream

# polars reads this once, when it is first imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

Rival = Callable[[], Answer]

COUNT_OUTCOMES = """
    count(*) FILTER (prediction = 1 AND actual = 1),
    count(*) FILTER (prediction = 1 AND actual = 0),
    count(*) FILTER (prediction = 0 AND actual = 1),
    count(*) FILTER (prediction = 0 AND actual = 0),
    avg(score), stddev_pop(score)
"""


def library(name: str) -> Any:
    """Import a library that only the benchmarks need."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"this benchmark needs {name}: pip install 'truthlag[bench]'") from error


class BatchInput:
    """Predictions in one order and their labels in another, as arrays."""

    def __init__(self, ids: Ids, stream: Stream, labelled_ids: Ids, actuals: Bits) -> None:
        self.ids = ids
        self.stream = stream
        self.labelled_ids = labelled_ids
        self.actuals = actuals

    def predictions(self) -> dict[str, Any]:
        """Return the columns of the predictions."""
        return {"id": self.ids, "prediction": self.stream.predictions, "score": self.stream.scores}

    def labels(self) -> dict[str, Any]:
        """Return the columns of the labels."""
        return {"id": self.labelled_ids, "actual": self.actuals}


def pandas_rival(data: BatchInput) -> Rival:
    """Return the question to pandas over data frames of the arrays; pandas joins on one thread anyway."""
    pandas = library("pandas")
    predictions = pandas.DataFrame(data.predictions())
    labels = pandas.DataFrame(data.labels())

    def ask() -> Answer:
        joined = predictions.merge(labels, on="id")
        outcomes = (joined["prediction"] * 2 + joined["actual"]).to_numpy()
        tn, fn, fp, tp = (int(number) for number in np.bincount(outcomes, minlength=4))
        return Answer(tp, fp, fn, tn, float(joined["score"].mean()), float(joined["score"].std(ddof=0)))

    return ask


def polars_rival(data: BatchInput, engine: str = "in-memory") -> Rival:
    """Return the question to polars over data frames of the arrays, as one lazy query."""
    polars = library("polars")
    if polars.thread_pool_size() != 1:
        raise RuntimeError("polars was imported with many threads: set POLARS_MAX_THREADS=1")
    predictions = polars.DataFrame(data.predictions()).lazy()
    labels = polars.DataFrame(data.labels()).lazy()
    predicted, actual, score = polars.col("prediction"), polars.col("actual"), polars.col("score")
    query = predictions.join(labels, on="id").select(
        tp=((predicted == 1) & (actual == 1)).sum(),
        fp=((predicted == 1) & (actual == 0)).sum(),
        fn=((predicted == 0) & (actual == 1)).sum(),
        tn=((predicted == 0) & (actual == 0)).sum(),
        mean_score=score.mean(),
        score_std=score.std(ddof=0),
    )

    def ask() -> Answer:
        return Answer(*query.collect(engine=engine).row(0))

    return ask


def duckdb_connection() -> Any:
    """Return an empty in-memory database that works on one thread."""
    connection = library("duckdb").connect(config={"threads": 1})
    connection.execute("SET preserve_insertion_order = false")
    return connection


def load_tables(connection: Any, data: BatchInput) -> None:
    """Copy the arrays into two tables of the database."""
    pandas = library("pandas")
    for name, columns in (("predictions", data.predictions()), ("labels", data.labels())):
        connection.register("arrays", pandas.DataFrame(columns))
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrays")
        connection.unregister("arrays")


def duckdb_rival(data: BatchInput) -> Rival:
    """Return the question to DuckDB over tables of its own, loaded beforehand: the best case for it."""
    connection = duckdb_connection()
    load_tables(connection, data)
    return lambda: ask_duckdb(connection)


def duckdb_frames_rival(data: BatchInput) -> Rival:
    """Return the question to DuckDB over the arrays where they lie, as data frames."""
    pandas = library("pandas")
    connection = duckdb_connection()
    connection.register("predictions", pandas.DataFrame(data.predictions()))
    connection.register("labels", pandas.DataFrame(data.labels()))
    return lambda: ask_duckdb(connection)


def ask_duckdb(connection: Any, where: str = "true") -> Answer:
    """Join and count in the database."""
    query = f"SELECT {COUNT_OUTCOMES} FROM predictions JOIN labels USING (id) WHERE {where}"
    # A result that is not fetched to its end would keep the connection busy.
    (row,) = connection.execute(query).fetchall()
    return Answer(*row)
