"""``python -m benches``: measure the bars, print a line a figure."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import truthlag
from benches import machine, table
from benches.catalogue import CATALOGUE
from benches.progress import Progress
from benches.sizes import FULL, QUICK

if TYPE_CHECKING:
    from benches.figure import Figure


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    listing = "\n".join(f"  {name:12} {benchmark.shows}" for name, benchmark in CATALOGUE.items())
    parser = argparse.ArgumentParser(
        prog="python -m benches",
        description="Measure every bar, or those named.",
        epilog=f"benchmarks:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes: checks the answers, judges no bar")
    parser.add_argument("--markdown", action="store_true", help="print the table of the README at the end")
    parser.add_argument("--strict", action="store_true", help="exit with code 1 when a bar is missed")
    parsed = parser.parse_args(given)
    unknown = [name for name in parsed.names if name not in CATALOGUE]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; choose from {', '.join(CATALOGUE)}")
    return parsed


def main() -> int:
    """Run what was asked for; a wrong answer ends the run with an AssertionError."""
    asked = arguments()
    sizes = QUICK if asked.quick else FULL
    if sizes.judged and truthlag.build_info()["profile"] != "release":
        sys.exit("the bars are those of a release build: build with --release, or run with --quick")
    print(machine.description())
    if os.getloadavg()[0] > 0.5:
        print(f"the machine is busy (load {os.getloadavg()[0]:.1f}): expect wide spreads, trust the ratios")
    progress = Progress()
    figures: list[Figure] = []
    for name in asked.names or CATALOGUE:
        progress.step(f"{name}: {CATALOGUE[name].shows}")
        for figure in CATALOGUE[name].figures(sizes, progress):
            figures.append(figure)
            progress.clear()
            print(table.line(figure, judged=sizes.judged), flush=True)
    progress.clear()
    missed = [figure for figure in figures if sizes.judged and figure.passed is False]
    if asked.markdown:
        print(f"\n{table.markdown(figures, judged=sizes.judged)}")
    judged = sum(figure.bar is not None for figure in figures) if sizes.judged else 0
    print(f"\n{judged - len(missed)} of {judged} bars met" if judged else "\nanswers checked, no bar judged")
    return 1 if missed and asked.strict else 0


if __name__ == "__main__":
    sys.exit(main())
