"""`python -m flows`: run any flow by hand. Options come from the flow's typed parameters, help from its docstring.

Only the flow that is called gets imported: Prefect alone takes longer to import than `--help` may take. `why`, `tokens`
and other commands are no flows: they read and change nothing, or are done in a moment. The flow `sync` is run by
`sync phoenix`, which has short options.
"""

import ast
import asyncio
import atexit
import importlib
import inspect
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import orjson
from cyclopts import App, CycloptsError, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.alert_commands import alerts
from flows.knowledge_commands import guidelines, sync_commands
from flows.prompt_commands import prompts
from flows.token_commands import WINDOW_OPTION, examples, tokens
from tasks.shared.errors import NightjarError
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings

HELP = """Nightjar's flows. `python -m flows FLOW --help` shows a flow's options.

Exit code 0: done. 1: failed, with one line saying what to do. 2: inconclusive.
"""
ESTIMATE = "estimate"  # the table that receipts of an estimate name
JSON_OPTION = Annotated[bool, Parameter(help="Print the receipts as JSON on stdout; logs go to stderr.", negative="")]


def flow_summaries(folder: Path) -> dict[str, str]:
    """Command to the first line of the flow's docstring, read from the source of `<name>.py` without importing it.

    The command of `label_queue` is `label-queue`.
    """
    summaries: dict[str, str] = {}
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name == path.stem and node.decorator_list:
                summaries[path.stem.replace("_", "-")] = (ast.get_docstring(node) or "").split("\n")[0]
    return summaries


def main(arguments: list[str]) -> int:
    """Run the command line; returns the exit code."""
    app = App(name="python -m flows", help=HELP, version_flags=[], result_action="return_value")
    try:
        for name, summary in flow_summaries(Path(__file__).parent).items():
            if name == sync_commands.name[0]:
                sync_commands.help = summary
                app.command(sync_commands)
                continue
            wanted = arguments[:1] == [name]
            app.command(_command_of(name) if wanted else _named(name, summary), name=name)
        app.command(why)
        app.command(guidelines)
        app.command(prompts)
        app.command(alerts)
        app.command(tokens)
        app.command(examples)
        app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _fail(f"{_one_line(error)} Add --help to see what there is.", 1)
    except NightjarError as error:
        return _fail(str(error), error.exit_code)
    except SystemExit as stop:
        return int(stop.code or 0)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing half-written. Run the same command again to go on.", 1)
    except Exception as error:  # noqa: BLE001 - the last resort: one line for people, the traceback is in the log
        return _fail(f"{type(error).__name__}: {_one_line(error)} The flow run's log has the traceback.", 1)
    return 0


def why(
    identifier: str, /, *, window: WINDOW_OPTION = None, project: str | None = None, json: JSON_OPTION = False
) -> None:
    """Tell what every evaluator decided on a span, trace or session, why, at what cost, and where to look at it.

    Args:
        identifier: Id of the span, trace or session.
        window: Where to look for it: a UTC day (2026-11-19) or whole hours; all days by default, the latest first.
        project: The Phoenix project; the settings' project by default.
        json: Print everything as JSON.
    """
    from tasks.evaluate.why import page_of
    from tasks.evaluate.why import why as decisions_on
    from tasks.shared.store.lake import Lake

    settings = load_settings()
    found = decisions_on(Lake.open(settings.lake), settings, project or settings.project, identifier, window)
    url = page_of(found, settings.phoenix.url)
    if json:
        sys.stdout.write(orjson.dumps(found.as_json(url), default=str).decode() + "\n")
        return
    for line in found.lines(url):
        Console().print(line, markup=False, soft_wrap=True)


def _one_line(error: Exception) -> str:
    words = " ".join(str(error).split())
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _named(name: str, summary: str) -> Callable[[], None]:
    def stub() -> None: ...

    stub.__name__, stub.__doc__ = name, summary
    return stub


def _command_of(name: str) -> Callable[..., None]:
    """A command with the flow's own parameters, as options, and `--json`."""
    settings = load_settings()
    if settings.prefect_api_url:
        os.environ.setdefault("PREFECT_API_URL", settings.prefect_api_url)
    module = name.replace("-", "_")
    flow = getattr(importlib.import_module(f"flows.{module}"), module)
    hints = get_type_hints(flow.fn)

    for runs in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(runs).addFilter(_without_own_tracebacks)

    def command(*, json: bool = False, **parameters: Any) -> None:
        receipts = asyncio.run(flow(**parameters))
        _show(receipts if isinstance(receipts, list) else [receipts], json=json)

    parameters = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=_option(hints[p.name]))
        for p in inspect.signature(flow.fn).parameters.values()
    ]
    as_json = inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JSON_OPTION)
    command.__signature__ = inspect.Signature([*parameters, as_json])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in [*parameters, as_json]}
    command.__doc__ = inspect.getdoc(flow.fn)
    return command


def _without_own_tracebacks(record: logging.LogRecord) -> bool:
    """What Nightjar raises on purpose ends in one line that says what to do: a page of traceback would hide it."""
    if record.exc_info and isinstance(record.exc_info[1], NightjarError):
        record.exc_info = None
    return True


def _option(hint: Any) -> Any:
    """The hint, with windows read from `2026-11-19` or `start/end` text."""
    return WINDOW_OPTION if hint == (Window | None) else hint


def _show(receipts: list[Batch], *, json: bool) -> None:
    if json:
        sys.stdout.write(orjson.dumps(receipts, default=str).decode() + "\n")
        return
    console = Console()
    for receipt in receipts:
        if receipt.table == ESTIMATE:
            console.print(_estimate_table(receipt))
            continue
        counts = ", ".join(f"{count:,} {name}" for name, count in receipt.counts.items())
        done = f"{receipt.table} {receipt.window}: {receipt.rows:,} rows" + (f" ({counts})" if counts else "")
        console.print(f"[green]✓[/] {escape(done)}", highlight=False)
        for note in receipt.notes:
            console.print(f"  {note}", style="yellow", markup=False)


def _estimate_table(receipt: Batch) -> Table:
    """The counts of an estimate: a row for each judge or variant (`faithfulness.calls`), and their sum."""
    columns = [name for name in receipt.counts if "." not in name]
    judges = dict.fromkeys(name.rpartition(".")[0] for name in receipt.counts if "." in name)
    table = Table("who", *(c.replace("_microdollars", " USD").replace("_", " ") for c in columns))
    for prefix, name in [*((f"{judge}.", judge) for judge in judges), ("", "all")]:
        table.add_row(escape(name), *(_shown(column, receipt.counts[prefix + column]) for column in columns))
    table.caption = escape("\n".join(receipt.notes)) or "No judge is enabled: see judges.enabled."
    table.caption_justify = "left"
    return table


def _shown(column: str, count: int) -> str:
    return f"{count / 1_000_000:.4f}" if column.endswith("_microdollars") else f"{count:,}"


def _fail(message: str, exit_code: int) -> int:
    Console(stderr=True).print(f"nightjar: {message}", style="red", markup=False, soft_wrap=True)
    return exit_code


def _silence_teardown() -> None:
    """Close stderr as the last act: DuckDB's binding prints a page about leaked types when the interpreter goes."""
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


if __name__ == "__main__":
    _silence_teardown()
    sys.exit(main(sys.argv[1:]))
