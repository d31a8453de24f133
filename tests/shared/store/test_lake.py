"""The lake reads what was written, replaces what changed, and nothing else; the same in a folder and on S3."""

import datetime as dt
import os
import time
from dataclasses import replace
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.shared.errors import StoreError
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS, INTEGER, SPANS, TEXT, Column
from tests.shared.store.small_table import DAILY, DAY, MERGED, PROJECT, REPLACED, hours, rows, stored, triples


def read(lake: Lake, window=None):
    return triples(stored(lake, MERGED, "SELECT * FROM spans ORDER BY start_time, id", window))


def names(lake: Lake) -> list[str]:
    return [path.removeprefix(f"{lake.root}/") for path in lake.files(MERGED, PROJECT)]


def test_written_rows_are_read_back_by_window(lake: Lake) -> None:
    stage = lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1), ("b", 5.5, None), ("c", 7, 3)))
    assert (stage.rows, stage.changed, stage.changed_days) == (3, 2, (dt.date(2026, 11, 19),))
    assert names(lake) == [
        "spans/project=shop%2Feu%201/date=2026-11-19/hour=05/part.parquet",
        "spans/project=shop%2Feu%201/date=2026-11-19/hour=07/part.parquet",
    ]
    assert read(lake) == [("a", 5, 1), ("b", 5.5, None), ("c", 7, 3)]
    assert read(lake, hours(5, 6)) == [("a", 5, 1), ("b", 5.5, None)]
    assert read(lake, hours(8, 9)) == []


def test_a_table_nobody_wrote_is_empty_with_its_schema(lake: Lake) -> None:
    assert lake.read(SPANS, PROJECT).schema.names == SPANS.schema.names
    assert lake.read(SPANS, PROJECT, DAY).num_rows == 0


def test_projects_do_not_see_each_other(lake: Lake) -> None:
    lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1)))
    assert lake.files(MERGED, "shop") == lake.files(MERGED, "shop/eu 12") == []


def test_a_merge_keeps_stored_rows_that_are_not_written_again(lake: Lake) -> None:
    lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1), ("b", 5, 2)))
    lake.write(MERGED, PROJECT, DAY, rows(("b", 5, 20), ("c", 5, 3)))
    assert read(lake) == [("a", 5, 1), ("b", 5, 20), ("c", 5, 3)]


def test_a_replace_makes_every_partition_of_the_window_what_is_written(lake: Lake) -> None:
    lake.write(REPLACED, PROJECT, DAY, rows(("a", 5, 1), ("b", 5, 2), ("c", 6, 3), ("d", 20, 4)))
    stage = lake.write(REPLACED, PROJECT, hours(4, 10), rows(("b", 5, 2)))
    assert stage.changed_days == (dt.date(2026, 11, 19),)
    assert read(lake) == [("b", 5, 2), ("d", 20, 4)]


@pytest.mark.parametrize("table", [MERGED, REPLACED], ids=["merge", "replace"])
def test_only_partitions_that_changed_are_written(lake: Lake, table) -> None:
    lake.write(table, PROJECT, DAY, rows(("a", 5, 1), ("b", 6, 2)))
    before = {info.path: info.mtime_ns for info in lake.filesystem.get_file_info(lake.files(table, PROJECT))}
    time.sleep(1.1 if lake.on_s3 else 0.01)
    stage = lake.write(table, PROJECT, DAY, rows(("a", 5, 1), ("b", 6, 20), written_at=9.0))
    after = {info.path: info.mtime_ns for info in lake.filesystem.get_file_info(lake.files(table, PROJECT))}
    assert (stage.rows, stage.changed) == (2, 1)
    assert [path[-20:-13] for path in before if after[path] != before[path]] == ["hour=06"]


def test_writing_the_same_again_changes_nothing(lake: Lake) -> None:
    lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1)))
    stage = lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1), written_at=9.0))
    assert (stage.rows, stage.changed, stage.changed_days) == (1, 0, ())


def test_with_an_identity_only_its_columns_tell_whether_a_row_changed(lake: Lake) -> None:
    table = replace(MERGED, identity=("id", "start_time"))
    lake.write(table, PROJECT, DAY, rows(("a", 5, 1)))
    assert lake.write(table, PROJECT, DAY, rows(("a", 5, 2))).changed == 0


def test_writers_of_different_files_share_a_partition(lake: Lake) -> None:
    lake.write(REPLACED, PROJECT, DAY, rows(("a", 5, 1)), file="one")
    lake.write(REPLACED, PROJECT, DAY, rows(("b", 5, 2)), file="two")
    lake.write(REPLACED, PROJECT, DAY, rows(), file="one")
    assert read(lake) == [("b", 5, 2)]


def test_rows_of_a_day_lie_in_one_partition_and_are_read_by_the_hour(lake: Lake) -> None:
    lake.write(DAILY, PROJECT, DAY, rows(("a", 5, 1), ("b", 7, 2)))
    [file] = lake.files(DAILY, PROJECT, hours(5, 6))
    assert file.endswith("date=2026-11-19/part.parquet")
    assert triples(stored(lake, DAILY, "FROM metrics", hours(5, 6))) == [("a", 5, 1)]


DAILY_MERGED = replace(DAILY, rewrite="merge")


def daily(lake: Lake, window: Window | None = None) -> list[tuple[str, float, int | None]]:
    return triples(stored(lake, DAILY, "FROM metrics ORDER BY start_time, id", window))


@pytest.mark.parametrize(
    ("table", "left"),
    [(DAILY, [("b", 5, 20), ("d", 20, 4)]), (DAILY_MERGED, [("a", 5, 1), ("b", 5, 20), ("c", 6, 3), ("d", 20, 4)])],
    ids=["replace", "merge"],
)
def test_hours_are_written_into_the_day_and_the_other_hours_stay(lake: Lake, table, left) -> None:
    lake.write(table, PROJECT, DAY, rows(("a", 5, 1), ("b", 5, 2), ("c", 6, 3), ("d", 20, 4)))
    stage = lake.write(table, PROJECT, hours(4, 10), rows(("b", 5, 20)))
    assert (daily(lake), stage.changed) == (left, 1)
    assert lake.write(table, PROJECT, hours(4, 10), rows(("b", 5, 20))).changed == 0


def test_hours_without_a_row_are_emptied_in_the_day(lake: Lake) -> None:
    lake.write(DAILY, PROJECT, DAY, rows(("a", 5, 1), ("d", 20, 4)))
    assert lake.write(DAILY, PROJECT, hours(7, 9), rows()).changed_days == ()
    assert lake.write(DAILY, PROJECT, hours(4, 10), rows()).changed_days == (dt.date(2026, 11, 19),)
    assert daily(lake) == [("d", 20, 4)]
    assert lake.write(DAILY, PROJECT, hours(19, 24), rows()).changed_days == (dt.date(2026, 11, 19),)
    assert lake.files(DAILY, PROJECT) == []


def test_a_row_that_moved_to_another_hour_of_its_day_is_there_once(lake: Lake) -> None:
    lake.write(DAILY_MERGED, PROJECT, DAY, rows(("a", 5, 1), ("b", 6, 2)))
    lake.write(DAILY_MERGED, PROJECT, hours(7, 8), rows(("a", 7, 1)))
    assert daily(lake) == [("b", 6, 2), ("a", 7, 1)]


@pytest.mark.parametrize("given", [rows(("b", 5, 2)), rows()], ids=["a row", "none"])
def test_a_day_that_was_stored_by_the_hour_becomes_one_file(lake: Lake, given) -> None:
    by_the_hour = replace(DAILY, grain="hour")
    lake.write(by_the_hour, PROJECT, DAY, rows(("a", 5, 1), ("d", 20, 4)))
    lake.write(by_the_hour, PROJECT, DAY, rows(("x", 7, 9)), file="another")
    assert daily(lake, hours(5, 8)) == [("a", 5, 1), ("x", 7, 9)]
    lake.write(DAILY, PROJECT, hours(4, 10), given)
    assert daily(lake) == [*triples(given), ("x", 7, 9), ("d", 20, 4)]
    left = [path.rpartition("date=2026-11-19/")[2] for path in lake.files(DAILY, PROJECT)]
    assert left == ["hour=07/another.parquet", "part.parquet"]


def test_hours_that_a_killed_run_left_beside_the_day_do_not_come_twice(local_lake: Lake) -> None:
    by_the_hour = replace(DAILY, grain="hour")
    local_lake.write(DAILY, PROJECT, DAY, rows(("a", 5, 1), ("d", 20, 4)))
    local_lake.write(by_the_hour, PROJECT, DAY, rows(("d", 20, 4)))
    local_lake.write(by_the_hour, PROJECT, DAY, rows(("x", 20, 9)), file="another")
    assert daily(local_lake) == [("a", 5, 1), ("d", 20, 4), ("x", 20, 9)]
    assert daily(local_lake, hours(19, 21)) == [("d", 20, 4), ("x", 20, 9)]
    local_lake.write(DAILY, PROJECT, hours(4, 10), rows(("a", 5, 2)))
    assert daily(local_lake) == [("a", 5, 2), ("d", 20, 4), ("x", 20, 9)]
    left = [info.path.rpartition("date=2026-11-19/")[2] for info in local_lake.parquet_below(local_lake.root)]
    assert left == ["hour=20/another.parquet", "part.parquet"]


def test_many_appended_batches_are_one_write(lake: Lake) -> None:
    with lake.stage(MERGED, PROJECT, DAY) as stage:
        for number in range(10):
            stage.append(rows((f"r{number}", 5 + number % 2, number)))
        stage.append(rows())
        assert stage.sql("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 10}]
        assert read(lake) == []
        stage.publish()
    assert stage.changed == 2
    assert len(read(lake)) == 10
    assert staging(lake) == []


def test_what_is_not_published_is_dropped(lake: Lake) -> None:
    with lake.stage(MERGED, PROJECT, DAY) as stage:
        stage.append(rows(("a", 5, 1)))
    assert read(lake) == []
    assert staging(lake) == []


def test_rows_outside_the_window_are_refused_before_anything_is_written(lake: Lake) -> None:
    with lake.stage(MERGED, PROJECT, hours(5, 6)) as stage:
        stage.append(rows(("a", 5, 1), ("b", 6, 2)))
        with pytest.raises(StoreError, match=r"1 rows for spans have no time inside the window 2026-11-19T05:00Z"):
            stage.publish()
    assert read(lake) == []


def test_rows_after_reading_are_refused(lake: Lake) -> None:
    with lake.stage(MERGED, PROJECT, DAY) as stage:
        stage.seal()
        with pytest.raises(StoreError, match="after the stage was sealed"):
            stage.append(rows(("a", 5, 1)))


def test_a_column_added_later_is_null_in_older_files_and_survives_a_merge(lake: Lake) -> None:
    lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1), ("b", 6, 2)))
    wider = replace(MERGED, columns=(*MERGED.columns, Column("note", TEXT, "")))
    fresh = rows(("c", 6, 3)).append_column("note", pa.array(["new"]))
    lake.write(wider, PROJECT, DAY, fresh)
    found = stored(lake, wider, "SELECT id, note FROM spans ORDER BY id").to_pylist()
    assert found == [{"id": "a", "note": None}, {"id": "b", "note": None}, {"id": "c", "note": "new"}]
    assert read(lake) == [("a", 5, 1), ("b", 6, 2), ("c", 6, 3)]


def test_a_column_that_became_wider_is_read_from_older_files(lake: Lake) -> None:
    narrow = replace(
        MERGED, columns=tuple(c if c.name != "value" else Column("value", pa.int32(), "") for c in MERGED.columns)
    )
    lake.write(narrow, PROJECT, DAY, rows(("a", 5, 1)))
    lake.write(MERGED, PROJECT, DAY, rows(("b", 5, 2**40)))
    assert read(lake) == [("a", 5, 1), ("b", 5, 2**40)]
    assert (
        pq.read_schema(lake.filesystem.open_input_file(lake.files(MERGED, PROJECT)[0])).field("value").type == INTEGER
    )


def test_a_query_that_reads_a_column_which_older_files_lack_is_answered_with_nulls(lake: Lake) -> None:
    older = replace(ANNOTATIONS, columns=tuple(c for c in ANNOTATIONS.columns if c.name not in {"label", "user_id"}))
    for table, at, label in ((older, 5, None), (ANNOTATIONS, 6, "new")):
        row = {"annotation_id": str(at), "start_time": DAY.start + dt.timedelta(hours=at), "label": label}
        lake.write(table, PROJECT, DAY, pa.Table.from_pylist([row], schema=ANNOTATIONS.schema))
    query = "SELECT annotation_id, label, user_id FROM annotations ORDER BY annotation_id"
    assert lake.sql(query, PROJECT, DAY).to_pylist() == [
        {"annotation_id": "5", "label": None, "user_id": None},
        {"annotation_id": "6", "label": "new", "user_id": None},
    ]
    assert lake.sql("SELECT count(*) AS n FROM annotations", PROJECT).to_pylist() == [{"n": 2}]


def test_files_of_one_shape_are_not_opened_before_they_are_read(local_lake: Lake, monkeypatch) -> None:
    local_lake.write(
        SPANS, PROJECT, DAY, pa.Table.from_pylist([{"span_id": "s", "start_time": DAY.start}], SPANS.schema)
    )
    attach, alike = Lake.attach, []

    def noted(self, connection, table, *rest, **named):
        alike.append(named["alike"])
        return attach(self, connection, table, *rest, **named)

    monkeypatch.setattr(Lake, "attach", noted)
    assert local_lake.sql("SELECT span_id, digest FROM spans", PROJECT).to_pylist() == [
        {"span_id": "s", "digest": None}
    ]
    assert alike == [True]


def test_sql_takes_parameters_and_relations(lake: Lake) -> None:
    wanted = pa.table({"n": [1, 2, 3]})
    query = "SELECT sum(n) AS total FROM wanted WHERE n > $least AND (SELECT count(*) FROM decisions) = 0"
    assert lake.sql(query, PROJECT, DAY, {"least": 1}, {"wanted": wanted}).to_pylist() == [{"total": 5}]


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ("SELECT 1 AS error_spans, 2 AS spans_seen", []),
        ("SELECT count(*) AS error_spans FROM decisions", ["decisions"]),
        ('SELECT s.span_id FROM "spans" s, decisions', ["decisions", "spans"]),
    ],
)
def test_only_tables_that_the_query_names_are_attached(local_lake: Lake, monkeypatch, query, tables) -> None:
    attached = []
    attach = Lake.attach

    def noted(self, connection, table, *rest, **named):
        attached.append(table.name)
        return attach(self, connection, table, *rest, **named)

    monkeypatch.setattr(Lake, "attach", noted)
    local_lake.sql(query, PROJECT)
    assert sorted(attached) == tables


def test_a_wrong_query_is_a_store_error(lake: Lake) -> None:
    with pytest.raises(StoreError, match="query on the lake failed"):
        lake.sql("SELECT nobody FROM spans", PROJECT)
    with lake.stage(MERGED, PROJECT, DAY) as stage, pytest.raises(StoreError, match="query on the staged spans failed"):
        stage.sql("SELECT nobody FROM spans")


@pytest.mark.parametrize("name", ["reports/date=2026-11-19/report.html", "x.json.gz", "y.bz2"])
def test_files_are_put_and_got_byte_by_byte(lake: Lake, name: str) -> None:
    assert lake.get_file(name) is None
    first = lake.put_file(name, b"\x00\x1fold")
    assert lake.put_file(name, b"new") == first == lake.location(name)
    assert first.endswith(name)
    assert lake.get_file(name) == b"new"
    assert staging(lake) == []


def test_what_killed_writers_left_a_day_ago_is_tidied_up_and_what_is_new_stays(local_lake: Lake) -> None:
    scratch = local_lake.settings.local_scratch
    with local_lake.stage(MERGED, PROJECT, DAY) as killed:
        killed.append(rows(("a", 5, 1)))
        old_file, new_file = (local_lake.settings.new_temporary_file("report.html") for _ in range(2))
        old_file.touch()
        new_file.touch()
        for path in (killed.folder, old_file):
            os.utime(path, (time.time() - 25 * 3600,) * 2)
        with local_lake.stage(MERGED, PROJECT, DAY) as running:
            running.append(rows(("b", 5, 1)))
            local_lake.write(MERGED, PROJECT, DAY, rows(("c", 5, 1)))
            left = {path for path in scratch.iterdir() if path.name != "duckdb" and path.suffix != ".lock"}
            assert left == {running.folder, new_file}


def test_a_root_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"lake root .* cannot be created .* Create it or set NIGHTJAR_LAKE__ROOT"):
        Lake.open(LakeSettings(root=str(tmp_path / "file" / "lake")))


@pytest.mark.parametrize(
    "use",
    [
        lambda lake: lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1))),
        lambda lake: lake.put_file("report.html", b"x"),
    ],
    ids=["write", "put"],
)
def test_a_bucket_that_is_not_there_is_told_in_one_line(aws_url: str, tmp_path: Path, use) -> None:
    settings = LakeSettings(
        root="s3://nobody-made-this/x", scratch=str(tmp_path), s3_endpoint_url=aws_url, s3_region="us-east-1"
    )
    with pytest.raises(
        StoreError, match=r'lake "s3://nobody-made-this/x" cannot be read or written: .* Check NIGHTJAR'
    ):
        use(Lake.open(settings))


def test_on_s3_the_objects_are_where_other_tools_look_for_them(s3_lake: Lake, aws_url: str) -> None:
    s3_lake.write(MERGED, PROJECT, DAY, rows(("a", 5, 1)))
    client = boto3.client("s3", endpoint_url=aws_url, region_name="us-east-1")
    listed = client.list_objects_v2(Bucket=s3_lake.root.split("/")[0])
    assert [o["Key"] for o in listed["Contents"] if o["Size"]] == [
        "some/prefix/spans/project=shop%2Feu%201/date=2026-11-19/hour=05/part.parquet"
    ]


def test_an_object_that_is_no_parquet_file_is_told(s3_lake: Lake) -> None:
    s3_lake.put_file(
        f"spans/project={PROJECT.replace('/', '%2F').replace(' ', '%20')}/date=2026-11-19/x.parquet", b"half"
    )
    with pytest.raises(StoreError, match=r"x\.parquet is not a whole Parquet file after 5 reads"):
        s3_lake.read(SPANS, PROJECT)


def test_a_staged_result_is_streamed_and_complete_columns_are_known_without_reading(local_lake: Lake) -> None:
    with local_lake.stage(MERGED, PROJECT, DAY) as stage:
        stage.append(rows(("a", 5, 1), ("b", 6, None)))
        streamed = [row["id"] for part in stage.stream("SELECT id FROM spans ORDER BY id") for row in part.to_pylist()]
        assert streamed == ["a", "b"]
        assert stage.complete_columns() == {"id", "start_time", "written_at"}


def staging(lake: Lake) -> list[str]:
    """What lies in the staging folder beside the locks and DuckDB's spill folder."""
    folder = lake.settings.local_scratch
    if not folder.exists():
        return []
    return sorted(p.name for p in folder.iterdir() if p.suffix != ".lock" and p.name != "duckdb")
