"""What people see while the stack works: a line for each part or step, with its state and time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

END_STATES = ("ready", "stopped", "done", "failed as it should")


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, str], None]]:
    """Show one line for each step; yields the function to report `step, state` to."""
    lines: dict[str, TaskID] = {}
    columns = (SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:

        def report(step: str, state: str) -> None:
            if step not in lines:
                lines[step] = bar.add_task(step, total=1)
            bar.update(lines[step], description=f"{step:<20} {state}", completed=int(state.startswith(END_STATES)))

        yield report
