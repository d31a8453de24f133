"""What splits sessions have, by the examples of all datasets."""

from tasks.shared.settings import LakeSettings
from tasks.shared.splits import cluster_of
from tasks.shared.store.kept_splits import kept_splits
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import EXAMPLES
from tests.curate.liked_answers import example, fill


def test_a_session_has_the_most_sealed_split_of_its_examples_in_all_datasets(tmp_path):
    lake = Lake.open(LakeSettings(root=str(tmp_path)))
    assert kept_splits(lake, "p") == {}
    rows = [
        example(1, "train", session_id="a"),
        example(2, "test", "expert-labelled", session_id="a"),
        example(3, "dev"),
    ]
    fill(lake, "p", EXAMPLES, rows)
    assert kept_splits(lake, "p") == {cluster_of("a", ""): "test", cluster_of(None, rows[2]["trace_id"]): "dev"}
    assert kept_splits(lake, "other") == {}
