"""The verdict as the one comment on a pull request; a hidden marker finds it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

MARKS = {"pass": "✅ pass", "fail": "❌ fail", "inconclusive": "⚠️ inconclusive"}
SHOWN_FLIPS = 10
Document = Mapping[str, Any]
# The address of a trace; None where nobody knows the server.
Address = Callable[[str], str | None]


def marker(gate: str) -> str:
    """What the gate's comment begins with, unseen by people."""
    return f"<!-- nightjar-gate: {gate} -->"


def comment(document: Document, address: Address) -> str:
    """The comment: verdict, demands, metrics, flips with links to both answers, and what it took."""
    parts = [
        marker(document["gate"]),
        f"### Gate `{document['gate']}`: {MARKS[document['verdict']]}",
        document["reason"],
        *(f"> {doubt}" for doubt in document["doubts"]),
        _subjects(document),
        _table(("demand", "value", "bounds", "limit", ""), _demands(document)),
        _table(("metric", "baseline", "candidate", "difference", "p", "n", "changed"), _metrics(document)),
        *_flips(document, address),
        f"<sub>verdict `{document['verdict_id']}` · {document['decided_at']} · more in verdict.json</sub>",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _subjects(document: Document) -> str:
    examples, dataset = document["examples"], document["dataset"]
    asked = f"{examples['asked']} of {examples['planned']} examples in {examples['clusters']} clusters"
    lines = [
        f"- dataset `{dataset['name']}` version `{dataset['version']}`, {asked}",
        *(f"- {role} `{document[role]['variant']}`: {_took(document[role])}" for role in ("baseline", "candidate")),
    ]
    ratios = [
        f"{kind} {_number(found['value'])}x [{_number(found['low'])}, {_number(found['high'])}]"
        for kind, found in document["ratios"].items()
        if found
    ]
    if ratios:
        lines.append(f"- candidate by baseline: {', '.join(ratios)}")
    if examples["stopped_early"]:
        lines.append(f"- stopped early: {_saved(examples['saved'])} saved")
    return "\n".join(lines)


def _took(side: Document) -> str:
    answers = ", ".join(f"{count} {status}" for status, count in sorted(side["answers"].items()))
    takes = [
        f"{side['cost_usd_per_answer']:.6f} USD" if side["cost_usd_per_answer"] is not None else "",
        f"{side['latency_ms_median']:.0f} ms (median)" if side["latency_ms_median"] is not None else "",
        f"{side['tokens_per_answer']:.0f} tokens" if side["tokens_per_answer"] is not None else "",
    ]
    return "; ".join((answers, ", ".join(filter(None, takes)) or "nothing known of what an answer takes"))


def _saved(saved: Document) -> str:
    usd = f" and {saved['cost_usd']:.4f} USD" if saved["cost_usd"] is not None else ""
    return f"{saved['answers']} answers{usd}"


def _demands(document: Document) -> Iterator[Sequence[str]]:
    for each in document["demands"]:
        known = each["value"] is not None
        yield (
            each["name"],
            _number(each["value"]),
            f"[{_number(each['low'])}, {_number(each['high'])}]" if each["low"] is not None else "",
            f"{'at most' if each['at_most'] else 'at least'} {_number(each['limit'])}",
            MARKS[each["outcome"]]
            if known and each["low"] is not None
            else f"{MARKS[each['outcome']]}: {each['reason']}",
        )


def _metrics(document: Document) -> Iterator[Sequence[str]]:
    for each in document["metrics"]:
        yield (
            each["metric"],
            _estimate(each["baseline"]),
            _estimate(each["candidate"]),
            _estimate(each["difference"]),
            "<0.001" if each["p_adjusted"] < 0.0005 else _number(each["p_adjusted"]),
            f"{each['n']} of {each['eligible']}",
            f"{each['better']} better, {each['worse']} worse",
        )


def _flips(document: Document, address: Address) -> Iterator[str]:
    for each in document["metrics"]:
        shown = each["flips"][:SHOWN_FLIPS]
        if not shown:
            continue
        rows = [
            (
                f"`{flip['example']}`",
                _linked(_number(flip["baseline"]), address(flip["baseline_trace"])),
                _linked(_number(flip["candidate"]), address(flip["candidate_trace"])),
                "better" if flip["better"] else "worse",
            )
            for flip in shown
        ]
        title = f"{each['metric']}: {len(shown)} of {each['better'] + each['worse']} examples that changed"
        table = _table(("example", "baseline", "candidate", ""), rows)
        yield f"<details><summary>{title}</summary>\n\n{table}\n\n</details>"


def _table(columns: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    cells = [" | ".join(_cell(cell) for cell in row) for row in rows]
    if not cells:
        return ""
    return "\n".join([f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *(f"| {row} |" for row in cells)])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _linked(text: str, url: str | None) -> str:
    return f"[{text}]({url})" if url else text


def _estimate(found: Document | None) -> str:
    if not found or found["value"] is None:
        return ""
    return f"{_number(found['value'])} [{_number(found['low'])}, {_number(found['high'])}]"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.3f}"
