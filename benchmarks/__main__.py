"""`python -m benchmarks`: the last figures of every benchmark, as the Markdown table that the README shows."""

import sys
from pathlib import Path
from typing import Any

import orjson

RESULTS = Path(__file__).with_name("results")


def table(results: list[dict[str, Any]]) -> str:
    """One row for each figure: what was measured, its goal, whether it holds, and on which commit."""
    lines = ["| benchmark | figure | measured | goal | holds | commit |", "|---|---|---:|---:|---|---|"]
    for result in results:
        for figure in result["figures"]:
            cells = (
                result["name"],
                figure["name"],
                f"{rounded(figure['value'])} {figure['unit']}".strip(),
                figure["goal"],
                {True: "yes", False: "**no**", None: ""}[figure["holds"]],
                result["commit"],
            )
            lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def rounded(value: float) -> str:
    """Three digits, or all of them before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def last_results(folder: Path) -> list[dict[str, Any]]:
    """What the benchmarks wrote, by name."""
    return [orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


if __name__ == "__main__":
    sys.stdout.write(table(last_results(RESULTS)) + "\n")
