"""A dataset reads on where the first candidates do not fill it, and no further than it has to."""

import pytest

from tasks.curate import choice
from tasks.curate.choice import Chooser, first_pool
from tasks.curate.holdings import Holdings
from tasks.curate.masking import anonymiser_of
from tasks.curate.pool import source
from tasks.shared.settings import AnonymiseSettings, CurationSettings, FeedbackSettings
from tests.curate.traffic_rows import QUESTIONS, WINDOW, asked, lake_at, put_annotations, put_spans

NOTHING_YET = Holdings("p", "golden", "golden", (), (), None, ())


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Eight right answers."""
    lake = lake_at(tmp_path_factory.mktemp("lake"))
    rows = [asked(n, text) for n, text in enumerate(QUESTIONS)]
    put_spans(lake, *rows)
    put_annotations(lake, [{"of": row, "name": "x", "label": "approved"} for row in rows])
    return lake


@pytest.mark.parametrize(("wanted", "reads"), [(2, [2]), (8, [2, 4, 64])])
def test_more_is_read_only_where_what_was_read_does_not_do(lake, monkeypatch, wanted, reads):
    sizes = []

    def counted(of, strata, taken, at_most, original=choice.pool):
        sizes.append(at_most)
        return original(of, strata, taken, at_most)

    monkeypatch.setattr(choice, "pool", counted)
    monkeypatch.setattr(choice, "POOLED", (2, 4, 64))
    settings = CurationSettings(size=1, strata={"golden": dict.fromkeys(("edge_cases", "complex_queries"), "")})
    of = source(lake, "p", WINDOW, settings, FeedbackSettings())
    masks = anonymiser_of("golden", AnonymiseSettings(), lake)
    found = first_pool(of, settings, [NOTHING_YET])
    chosen = Chooser(of, settings, NOTHING_YET, masks, wanted).choose(found)
    assert len(chosen.taken) == wanted
    assert sizes == reads
    assert {each.texts["output"] for each in chosen.taken} <= {f"answer {n}" for n in range(8)}
