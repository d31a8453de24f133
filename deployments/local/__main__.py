"""`python -m deployments.local up|down|status|demo`, behind the Makefile's targets."""

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from deployments.local.parts import EVERYTHING, PREFERRED_PORTS, REPOSITORY
from deployments.local.stack import POSTGRES, Report, Stack, down, is_running, open_stack, up
from deployments.local.state import State, only_command
from tasks.shared.errors import NightjarError
from tasks.shared.settings import load_settings

FOLDER = REPOSITORY / ".nightjar"
app = App(name="python -m deployments.local", help="The local stack on this machine.", version_flags=[])


def main(arguments: list[str]) -> int:
    """Run the command line; returns the exit code."""
    try:
        app(arguments, exit_on_error=True, print_error=True)
    except NightjarError as error:
        Console(stderr=True).print(f"nightjar: {error}", style="red", markup=False, soft_wrap=True)
        return error.exit_code
    except KeyboardInterrupt:
        Console(stderr=True).print("interrupted; `make down` stops what was started.", style="red")
        return 1
    return 0


@app.command(name="up")
def up_command() -> None:
    """Start what does not run of the stack, with the data it had."""
    console = Console()
    with only_command(FOLDER), progress(console) as report:
        stack = open_the_stack(report)
        launched = up(stack)
    console.print("Started: " + ", ".join(launched) if launched else "Everything was already running; nothing to do.")
    show_addresses(console, stack)


@app.command(name="down")
def down_command() -> None:
    """Stop exactly what was started; the data stays."""
    console = Console()
    with only_command(FOLDER), progress(console) as report:
        stopped = down(State.load(FOLDER), report)
    console.print("Stopped: " + ", ".join(stopped) if stopped else "Nothing was running.")


@app.command
def status() -> None:
    """Show what runs, since when, and where it listens."""
    state = State.load(FOLDER)
    table = Table("part", "state", "pid", "port", "since (UTC)", "log")
    for name in (POSTGRES, *EVERYTHING):
        alive, it = is_running(state, name), state.started.get(name)
        since = f"{dt.datetime.fromtimestamp(it.created, dt.UTC):%Y-%m-%d %H:%M:%S}" if it and alive else ""
        log = FOLDER / ("pg/log" if name == POSTGRES else f"logs/{name}.log")
        table.add_row(
            name,
            "[green]running[/]" if alive else "[red]died[/]" if it else "stopped",
            str(it.pid) if it and alive else "",
            str(state.ports.get(name, "")) if alive else "",
            since,
            str(log.relative_to(Path.cwd())) if log.is_relative_to(Path.cwd()) else str(log),
        )
    Console().print(table)


@app.command(name="demo")
def demo_command() -> None:
    """Start everything, write two weeks of simulated traffic, run the nightly flow on it, say where to look."""
    from deployments.local.demo import demo

    with only_command(FOLDER):
        demo(Console())


@contextmanager
def progress(console: Console) -> Iterator[Report]:
    """Show one line per part with its state and time; yields what to report to."""
    lines: dict[str, TaskID] = {}
    columns = (SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:

        def report(part: str, state: str) -> None:
            if part not in lines:
                lines[part] = bar.add_task(part, total=1)
            done = state in {"ready", "stopped"}
            bar.update(lines[part], description=f"{part:<12} {state}", completed=1 if done else 0)

        yield report


def open_the_stack(report: Report) -> Stack:
    """The project's own stack, on the ports people expect where they are free."""
    url = load_settings().local.postgres_url
    return open_stack(FOLDER, PREFERRED_PORTS, url.get_secret_value() if url else None, report)


def show_addresses(console: Console, stack: Stack) -> None:
    """Print where each server listens."""
    console.print(f"Phoenix   {stack.phoenix_url}\nMLflow    {stack.mlflow_url}\nPrefect   {stack.prefect_url}")
    console.print(f"Simulated model provider   {stack.provider_url}", highlight=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
