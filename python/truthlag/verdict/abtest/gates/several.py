"""One gate of several, such as those of all treatments against their control."""

from __future__ import annotations

from collections.abc import Mapping

from truthlag.verdict.abtest.gates.gate import Gate


def worst_of(name: str, gates: list[tuple[str, Gate]]) -> Gate | None:
    """One gate of several by what they are about: failed if one failed, passed if one passed; None of none.

    >>> gates = [("v2", Gate("balance", "passed", "alike.", {})), ("v3", Gate("balance", "failed", "unlike.", {}))]
    >>> worst_of("balance", gates).reason
    'v3: unlike.'
    """
    if not gates:
        return None
    if len(gates) == 1:
        return gates[0][1]
    by_status: Mapping[str, list[tuple[str, Gate]]] = {
        status: [one for one in gates if one[1].status == status] for status in ("failed", "passed", "not_run")
    }
    status = next(status for status, found in by_status.items() if found)
    reason = " ".join(f"{what}: {gate.reason}" for what, gate in by_status[status][:3])
    numbers = {what: gate.numbers for what, gate in gates}
    return Gate(name, status, reason, numbers, gates[0][1].scope)  # type: ignore[arg-type]
