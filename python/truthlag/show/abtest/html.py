"""The report of a test as one page that loads nothing."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from truthlag.metrics.text import html_table
from truthlag.show.abtest.assess import Assessed
from truthlag.show.abtest.segments import segment_cells
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.pictures.side_by_side import side_by_side
from truthlag.verdict.abtest.result.comparison import Comparison

_STYLE = """
body { font: 15px/1.5 "DejaVu Sans", Arial, sans-serif; color: #222222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; margin: 0.8rem 0; font-size: 0.85rem } th { text-align: left; background: #f4f4f4 }
th, td { border: 1px solid #dddddd; padding: 0.25rem 0.6rem; vertical-align: top } svg { max-width: 100%; height: auto }
.answer { border-left: 5px solid #1d3557; background: #f4f6f8; padding: 0.4rem 1rem } footer { color: #777777; margin-top: 2rem }
"""


def page(name: str, assessed: Assessed, said: list[str]) -> str:
    """The page, which is well-formed XML too."""
    report = assessed.report
    status = report.status.replace("_", " ")
    title = f"Test {name}: {status}"
    parts = [
        "<!DOCTYPE html>",
        '<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><meta charset="utf-8"/>',
        # Even text that got through escaping could load and run nothing.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>",
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="answer">{escape(report.recommendation.text)}</p>',
        "<h2>Gates, metrics and guardrails</h2>",
        report._repr_html_(),
        "<h2>Relative differences</h2>",
        *(
            side_by_side(_differences(assessed, arm), title=f"{arm} against {report.control}")
            for arm in dict.fromkeys(row.arm for row in report.metrics)
        ),
    ]
    if assessed.over_time:
        parts.append("<h2>Over time</h2>")
        parts += [over._repr_html_() for by_arm in assessed.over_time.values() for over in by_arm.values()]
    if assessed.segments:
        cells, told = segment_cells(assessed.segments)
        parts += ["<h2>Segments</h2>", html_table(cells), f"<p>{escape(told)}</p>"]
    parts.append(f"<footer>{''.join(f'<p>{escape(line)}</p>' for line in said)}</footer></body></html>")
    return "\n".join(parts) + "\n"


def _differences(assessed: Assessed, arm: str) -> list[tuple[str, Comparison]]:
    report = assessed.report
    rows = [(row.metric, _shown(row)) for row in report.metrics if row.segment is None and row.arm == arm]
    rails = [(f"{row.name} (guardrail)", row.comparison) for row in report.guardrails if row.arm == arm]
    return [*rows, *rails]


def _shown(row: ComparisonRow) -> Comparison:
    """The comparison with the verdict that remains of it after allowing for others, as the table has it."""
    return replace(row.comparison, verdict=row.verdict)
