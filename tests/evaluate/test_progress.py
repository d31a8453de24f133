"""Progress through a whole window."""

from tasks.evaluate.progress import Progress, days_told
from tasks.shared.records import Batch
from tasks.shared.store.ledger import picodollars
from tests.evaluate.rows import DAY


def test_units_cost_and_time_left_are_those_of_the_whole_window():
    seconds, said = [0.0], []
    progress = Progress("brief 2026-11-19", 400, said.append, clock=lambda: seconds[0])
    heard = progress.within(300, 30)  # a tenth of the part's units is asked about
    seconds[0] = 5
    heard(1, picodollars(0.01))
    assert said == [], "not every second"
    seconds[0] = 20
    heard(15, picodollars(0.15))
    assert said == ["brief 2026-11-19: 150/400 units for 0.1500 USD so far, about 33 s left"]
    seconds[0] = 60
    progress.done(300, picodollars(0.30))
    heard = progress.within(100, 10)
    seconds[0] = 72
    heard(5, picodollars(0.05))
    assert said[1:] == [
        "brief 2026-11-19: 300/400 units for 0.3000 USD so far, about 20 s left",
        "brief 2026-11-19: 350/400 units for 0.3500 USD so far, about 10 s left",
    ]


def test_a_backfill_tells_its_days_its_cost_and_the_time_left():
    receipts = [Batch("decisions", "p", DAY, 1, {"cost_microdollars": 2500}), Batch("spans", "p", DAY, 9)] * 3
    told = days_told(3, 14, receipts, 30.0)
    assert told == "3/14 days done, judged for 0.0075 USD so far, about 110 s left"
