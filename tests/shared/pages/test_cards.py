"""Long texts side by side: cards on the page, a list in Markdown."""

from tasks.shared.pages.blocks import Link, Table
from tasks.shared.pages.markdown import block_markdown
from tasks.shared.pages.page import Page, Part, html

CARDS = Table(
    "Worse",
    ("Question", "Baseline said", "Candidate said", "Trace"),
    [("How many?\nAll of them.", "SELECT <1>", "DROP\n  *", Link("trace", "http://t")), ("Who?", None, "x", None)],
    note="All are shown.",
    layout="cards",
)


def test_a_card_is_headed_by_its_first_cell_and_leaves_out_what_is_missing():
    text = html(Page("Report", "t", "s", (Part("p", "P", [CARDS]),)))
    assert text.count("<li>") == 2
    assert '<p class="head">How many?\nAll of them.</p>' in text
    assert "<dt>Candidate said</dt><dd>DROP\n  *</dd>" in text
    assert "<dd>SELECT &lt;1&gt;</dd>" in text
    assert text.count("<dt>Baseline said</dt>") == 1
    assert '<a href="http://t" rel="noreferrer">trace</a>' in text
    assert "All are shown." in text


def test_cards_are_a_numbered_list_in_markdown():
    assert block_markdown(CARDS).splitlines() == [
        "**Worse**",
        "",
        "1. **How many? All of them.**",
        "   - Baseline said: SELECT \\<1\\>",
        "   - Candidate said: DROP \\*",
        "   - Trace: [trace](<http://t>)",
        "2. **Who?**",
        "   - Candidate said: x",
        "",
        "All are shown.",
    ]
