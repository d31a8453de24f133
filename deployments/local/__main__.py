"""`python -m deployments.local up|down|status|demo|demo-gates|demo-failures`, behind the Makefile's targets."""

import datetime as dt
import sys

from cyclopts import App
from rich.console import Console
from rich.table import Table

from deployments.local.display import progress
from deployments.local.parts import EVERYTHING, FOLDER
from deployments.local.stack import POSTGRES, down, is_running, open_own_stack, up
from deployments.local.state import State, only_command
from tasks.shared.errors import NightjarError

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
        stack = open_own_stack(report)
        launched = up(stack)
    console.print("Started: " + ", ".join(launched) if launched else "Everything was already running; nothing to do.")
    for part in ("phoenix", "mlflow", "prefect", "provider"):
        console.print(f"  {part:<10} {stack.url(part)}", highlight=False)


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
    table = Table("part", "state", "pid", "port", "since (UTC)")
    for name in (POSTGRES, *EVERYTHING):
        alive, it = is_running(state, name), state.started.get(name)
        since = f"{dt.datetime.fromtimestamp(it.created, dt.UTC):%Y-%m-%d %H:%M:%S}" if it and alive else ""
        table.add_row(
            name,
            "[green]running[/]" if alive else "[red]died[/]" if it else "stopped",
            str(it.pid) if it and alive else "",
            str(state.ports.get(name, "")) if alive else "",
            since,
        )
    Console().print(table)
    Console().print(f"Logs: {FOLDER / 'logs'}; PostgreSQL's: {FOLDER / 'pg' / 'log'}", soft_wrap=True, highlight=False)


@app.command(name="demo")
def demo_command() -> None:
    """Start everything, write two weeks of simulated traffic, run the nightly flow on it, say where to look."""
    from deployments.local.demo import demo

    with only_command(FOLDER):
        demo(Console())


@app.command(name="demo-gates")
def demo_gates_command() -> None:
    """Curate a golden dataset of the demo's traffic, put three candidates before a gate, look for a better prompt."""
    from deployments.local.demo_gates import demo_gates

    with only_command(FOLDER):
        demo_gates(Console())


@app.command(name="demo-failures")
def demo_failures_command() -> None:
    """Find where the demo's recipe agent fails, and compare with the simulated truth."""
    from deployments.local.demo_failures import demo_failures

    with only_command(FOLDER):
        demo_failures(Console())


@app.command(name="demo-alerts")
def demo_alerts_command() -> None:
    """Replay the hours around the demo's incident: raised, told once through each channel, resolved."""
    from deployments.local.demo_alerts import demo_alerts

    with only_command(FOLDER):
        demo_alerts(Console())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
