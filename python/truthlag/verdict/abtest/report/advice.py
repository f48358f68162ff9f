"""From gates, metrics and guardrails to what is to be done about a treatment."""

from __future__ import annotations

import re
from collections.abc import Sequence

from truthlag.verdict.abtest.gates.gate import Gate
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.report.recommendation import Action, Recommendation
from truthlag.verdict.abtest.report.rows import GuardrailRow
from truthlag.verdict.abtest.report.sentences import listed, of_guardrail, of_metric
from truthlag.verdict.abtest.result.comparison import Comparison

_SHOWN = frozenset({"better", "non_inferior", "equivalent"})
#: What goes on after a look.
_RUNS_ON = frozenset({"keep_running", "no_data"})
_MOST_TOLD = 3
#: More units than so many times those that are there are none that anybody waits for.
_OUT_OF_REACH = 1_000
#: What a comparison of a fixed size says before it is there.
_PLANNED = re.compile(r"([\d,]+) of the planned ([\d,]+) units are there: with mode 'fixed'")
_RANK: tuple[Action, ...] = (
    "ship",
    "keep_running",
    "stop_not_shown",
    "stop_no_difference",
    "revert",
    "invalid",
    "no_data",
)


def advice_on(
    arm: str,
    failed: Sequence[Gate],
    metrics: Sequence[ComparisonRow],
    guardrails: Sequence[GuardrailRow],
    *,
    is_final: bool | None,
) -> Recommendation:
    """What is to be done about one treatment; the failed gates are those that hold for every metric."""
    if failed:
        told = " ".join(f"{gate.name}: {gate.reason}" for gate in failed)
        return Recommendation("invalid", arm, f"Do not decide on {arm}, since the test is not sound. {told}")
    primary = next((row for row in metrics if row.role == "primary" and row.segment is None), None)
    by_status = {
        status: [row for row in guardrails if row.status == status] for status in ("pass", "block", "undecided")
    }
    seen = "" if primary is None else f" {of_metric(primary)}."
    if by_status["block"]:
        told = listed([of_guardrail(row) for row in by_status["block"]])
        return Recommendation("revert", arm, f"Revert {arm}: a guardrail blocks: {told}.{seen}")
    if primary is None:
        return _of_guardrails(arm, by_status, guardrails)
    if primary.verdict == "invalid":
        why = primary.comparison.reasons[0] if primary.comparison.reasons else "it cannot be trusted."
        return Recommendation("invalid", arm, f"Do not decide on {arm}: {primary.metric} is invalid. {why}")
    if primary.verdict == "worse":
        return Recommendation("revert", arm, f"Revert {arm}: {of_metric(primary)}. {_passing(guardrails, by_status)}")
    lacking = _lacking(primary)
    if lacking:
        return Recommendation("no_data", arm, f"Nothing can be said of {arm} yet: {lacking}")
    last = _is_last(primary.comparison) if is_final is None else is_final
    if primary.verdict in _SHOWN:
        if len(by_status["pass"]) == len(guardrails):
            text = f"Ship {arm}: {of_metric(primary)}. {_passing(guardrails, by_status)}{_losses(metrics)}"
            return Recommendation("ship", arm, text)
        undecided = [row for row in guardrails if row.status != "pass"]
        are = "a guardrail is" if len(undecided) == 1 else "guardrails are"
        invalid = sum(row.status == "invalid" for row in undecided)
        what = "undecided" if not invalid else "invalid" if invalid == len(undecided) else "undecided or invalid"
        told = f"{of_metric(primary)}, but {are} {what}: {listed([of_guardrail(row) for row in undecided])}."
        # A guardrail that may be looked at any time can pass after the metric's last look.
        if last if is_final is not None else all(_is_last(row.comparison) for row in undecided):
            text = f"Stop without shipping {arm}, since this is the last look: {told}{_left(undecided) if is_final else ''}"
            return Recommendation("stop_not_shown", arm, text)
        text = f"Do not ship {arm} yet: {told}{_more(primary, guardrails)}"
        return Recommendation("keep_running", arm, text)
    if last:
        if primary.comparison.hypothesis == "superiority":
            text = f"Stop {arm}: the last look shows no difference.{seen} {_passing(guardrails, by_status)}"
            return Recommendation("stop_no_difference", arm, text)
        asked = primary.comparison.hypothesis.replace("_", "-")
        text = f"Stop {arm}: the last look does not show {asked}.{seen} {_passing(guardrails, by_status)}"
        return Recommendation("stop_not_shown", arm, text)
    text = (
        f"Keep {arm} running: nothing is decided.{seen} {_passing(guardrails, by_status)}{_more(primary, guardrails)}"
    )
    return Recommendation("keep_running", arm, text)


def overall(each: Sequence[Recommendation], metrics: Sequence[ComparisonRow]) -> Recommendation:
    """One recommendation of those of all treatments: the best arm that may be shipped, else what is the most hopeful."""
    if not each:
        return Recommendation("no_data", None, "There is no treatment to be judged.")
    if len(each) == 1:
        return each[0]
    status = min((one.status for one in each), key=_RANK.index)
    reverted = [one for one in each if one.status == "revert"]
    if reverted and status != "ship":
        return _reverted(reverted, [one for one in each if one.status != "revert"])
    if status == "invalid" and all(one.status == "invalid" for one in each):
        return Recommendation("invalid", None, each[0].text.replace(f"Do not decide on {each[0].arm}", "Do not decide"))
    among = [one for one in each if one.status == status]
    if status == "ship":
        primary = {row.arm: row.comparison for row in metrics if row.role == "primary" and row.segment is None}

        def gain(one: Recommendation) -> float:
            result = primary[one.arm or ""]
            return (result.difference or 0.0) * (1 if result.direction == "higher" else -1)

        best = max(among, key=gain)
        others = [str(one.arm) for one in among if one is not best]
        more = (
            f" {listed(others)} may be shipped too; that {best.arm} is better than {'it' if len(others) == 1 else 'they are'}"
            " was not tested."
            if others
            else ""
        )
        rest = [f"{one.arm}: {one.status.replace('_', ' ')}" for one in each if one.status != "ship"]
        return Recommendation("ship", best.arm, f"{best.text}{more}{f' ({listed(rest)}.)' if rest else ''}")
    text = " ".join(one.text for one in each)
    return Recommendation(status, among[0].arm if len(among) == 1 else None, text)


def _reverted(reverted: Sequence[Recommendation], others: Sequence[Recommendation]) -> Recommendation:
    """Where nothing is shipped, harm that was shown comes first: it does not wait for what is undecided of other treatments."""
    running = [str(one.arm) for one in others if one.status in _RUNS_ON]
    arms = [str(one.arm) for one in reverted]
    text = " ".join(one.text for one in (*reverted, *others))
    about = arms[0] if len(arms) == 1 else None
    if not running:
        return Recommendation("revert", about, text)
    return Recommendation("revert_some", about, f"Stop {listed(arms)} now, and let {listed(running)} run on. {text}")


def _of_guardrails(
    arm: str, by_status: dict[str, list[GuardrailRow]], guardrails: Sequence[GuardrailRow]
) -> Recommendation:
    """Where there is no metric that decides."""
    if not guardrails:
        return Recommendation("no_data", arm, f"Nothing can be said of {arm}: there is no primary metric.")
    told = _passing(guardrails, by_status)
    if len(by_status["pass"]) == len(guardrails):
        return Recommendation("ship", arm, f"Ship {arm} if it need not be better: no primary metric was given. {told}")
    return Recommendation("keep_running", arm, f"Keep {arm} running: {told}")


def _passing(guardrails: Sequence[GuardrailRow], by_status: dict[str, list[GuardrailRow]]) -> str:
    if not guardrails:
        return "No guardrail was given."
    passed = by_status["pass"]
    if len(passed) == len(guardrails):
        told = listed([of_guardrail(row) for row in passed])
        return f"The guardrail passes: {told}." if len(passed) == 1 else f"All {len(passed)} guardrails pass: {told}."
    parts = []
    for status, word in (("pass", "passes"), ("undecided", "is undecided"), ("invalid", "is invalid")):
        parts += [f"{of_guardrail(row)} {word}" for row in guardrails if row.status == status]
    return f"Of the guardrails {listed(parts)}."


def _losses(metrics: Sequence[ComparisonRow]) -> str:
    """What got worse all the same: it does not decide, and whoever ships should know."""
    lost = [row for row in metrics if row.verdict == "worse"]
    if not lost:
        return ""
    told = [
        of_metric(row) if row.segment is None else f"in {row.segment} {of_metric(row)}" for row in lost[:_MOST_TOLD]
    ]
    if len(lost) > len(told):
        told.append(f"{len(lost) - len(told)} more in the table")
    return f" Know that it is worse elsewhere: {listed(told)}."


def _lacking(primary: ComparisonRow) -> str:
    """Why a comparison says nothing at all; empty where it says something."""
    result = primary.comparison
    if result.p_value is not None or result.difference_interval is not None:
        return ""
    return result.reasons[0] if result.reasons else f"{primary.metric} is not known."


def _is_last(result: Comparison) -> bool:
    """Whether the comparison itself says that no verdict can follow."""
    if result.mode == "fixed":
        return not any("a verdict is given at the planned size alone" in reason for reason in result.reasons)
    return any(reason.startswith("this is the last look") for reason in result.reasons)


def _left(guardrails: Sequence[GuardrailRow]) -> str:
    """What the end of a test leaves open: more units do not help, since they count no more."""
    open_ones = [row.name for row in guardrails if row.status == "undecided"]
    if not open_ones:
        return ""
    it = "it" if len(open_ones) == 1 else "them"
    return f" The end of the test leaves {listed(open_ones)} undecided: no later row counts, and a further test would have to decide {it}."


def _more(primary: ComparisonRow, guardrails: Sequence[GuardrailRow]) -> str:
    """How many more units what is undecided needs, if things stay as they are."""
    undecided = [] if primary.verdict in _SHOWN else [(primary.metric, primary.comparison)]
    undecided += [(row.name, row.comparison) for row in guardrails if row.status == "undecided"]
    asked = [(name, result) for name, result in undecided if result.additional_n]
    planned: dict[int, list[str]] = {}
    for name, result in asked:
        if _is_of_the_plan(result):
            planned.setdefault(result.additional_n or 0, []).append(name)
    told = [_needed(name, result) for name, result in asked if not _is_of_the_plan(result)]
    more = f" If things stay as they are: {listed(told)}." if told else ""
    if planned:
        parts = [
            f"about {needed:,} more units until the planned size for {listed(of)}" for needed, of in planned.items()
        ]
        more = f" There are {listed(parts)}.{more}"
    return more


def _is_of_the_plan(result: Comparison) -> bool:
    """Whether the units to come are those that are missing to a fixed size, however many they are."""
    for reason in result.reasons:
        found = _PLANNED.match(reason)
        if found is not None:
            there, planned = (int(count.replace(",", "")) for count in found.groups())
            # A quantile may need more than its plan has.
            return result.additional_n == planned - there
    return False


def _needed(name: str, result: Comparison) -> str:
    needed = result.additional_n or 0
    if needed > _OUT_OF_REACH * (result.control.n + result.treatment.n):
        return f"no number of units within reach for {name}"
    return f"about {needed:,} more units for {name}"
