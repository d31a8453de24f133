"""The index of all reports, from the paths of the files that are there."""

import threading
from urllib.parse import unquote

from tasks.reports.index import index_page, reports_at
from tasks.reports.steps import _index
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.page import html
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import comparison_path, prompt_round_path, report_path

DAY = Window.parse("2026-11-19")
WEEK = Window.of_edition("week", DAY.start.date())


def below(path):
    return path.removeprefix("reports/")


def tables(page, project):
    (part,) = [part for part in page.parts if part.title == project]
    return {block.title: block for block in part.blocks}


def test_reports_are_listed_by_project_and_edition_the_newest_first():
    paths = [
        "index.html",
        *(below(report_path("a/b", Window.parse(f"2026-11-{day}"))) for day in (17, 19, 18)),
        below(report_path("a/b", DAY, "report.pdf")),
        below(report_path("a/b", WEEK, edition="week")),
        below(report_path("other", WEEK, edition="month")),
        below(report_path("half", DAY, "report.json")),
    ]
    page = index_page(paths)
    assert [part.title for part in page.parts] == ["a/b", "other"]
    found = tables(page, "a/b")
    assert list(found) == ["Days", "Weeks"]
    assert [row[0].text for row in found["Days"].rows] == ["2026-11-19", "2026-11-18", "2026-11-17"]
    assert [cell.text for cell in found["Days"].rows[0] if isinstance(cell, Link)] == ["2026-11-19", "PDF"]
    assert found["Weeks"].rows[0][0].text == "2026-W47"
    assert tables(page, "other")["Months"].rows[0][0].text == "2026-11"


def test_links_are_relative_and_name_the_file_as_it_lies_on_disk():
    path = below(report_path("a/b c", DAY))
    link = tables(index_page([path]), "a/b c")["Days"].rows[0][0]
    assert unquote(link.url) == path
    assert f'<a href="{link.url}"' in html(index_page([path]))


def test_comparisons_and_work_on_prompts_are_listed_too():
    paths = [
        below(comparison_path("shop", "sql writer", "e1", "e2")),
        below(prompt_round_path("shop", "writer", "r1")),
    ]
    found = tables(index_page(paths), "shop")
    assert found["Comparisons"].rows[0][0].text == "gate=sql writer e1-e2"
    assert found["Work on prompts"].rows[0][0].text == "prompt=writer r1"


def test_no_report_is_said_to_be_none():
    page = index_page(["index.html", "date=2026-11-19/report.html", "notes.txt"])
    assert page.parts[0].blocks[0].empty == "There is no report yet."
    assert reports_at([]) == []


def test_writers_at_the_same_time_leave_an_index_of_all_their_reports(nightjar_env):
    lake = Lake.open(load_settings().lake)

    def write(project):
        lake.put_file(report_path(project, DAY), b"<html>")
        _index()

    writers = [threading.Thread(target=write, args=(f"p{i}",)) for i in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    index = lake.get_file("reports/index.html").decode()
    assert all(f'href="date=2026-11-19/project=p{i}/report.html"' in index for i in range(6))
