"""What evaluators ask about: one SQL view per unit, reading the lake's spans.

Each view has `unit_id`, `trace_id` (null for a session), `start_time` and `digest` (of the unit's content), and the
columns that evaluators may need. It holds the units that start in `[$start, $end)`.
"""

from importlib.resources import files

from tasks.shared.records import REACH_HOURS, Unit, Window


def view_sql(unit: Unit) -> str:
    """The SELECT of the unit's view, with parameters `$start` and `$end`."""
    return files(__package__).joinpath(f"{unit}.sql").read_text(encoding="utf-8")


def window_to_read(unit: Unit, window: Window) -> Window:
    """The hours that may hold spans of the units that start in *window*."""
    return window.around(REACH_HOURS[unit])
