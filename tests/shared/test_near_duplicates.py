"""Near-duplicates are found, and nothing else is taken for one."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.shared.near_duplicates import Twin, distinct, normalised, pieces, resemblance, resembling, twins

WORDS = ("device", "alert", "region", "battery", "firmware", "site", "average", "temperature", "model", "week", "power")


def test_the_first_of_several_alike_is_kept():
    texts = [
        "Which devices are offline in the north region?",
        "How many alerts were raised last week?",
        "which devices are  offline, in the north region",
        "Which devices are offline in the north regions?",
    ]
    assert distinct(texts) == [0, 1]
    assert twins(texts)[2] == Twin(0, False, 1.0)
    assert twins(texts)[3].of == 0


def test_texts_that_repeat_known_ones_say_so():
    found = twins(["How many alerts are open?", "something else"], known=["x", "how many alerts are open"])
    assert found == [Twin(1, True, 1.0), None]


def test_what_resembles_known_texts_is_found_though_another_text_is_nearer():
    texts, known = ["abcdefghijklm", "abcdefghijkl"], ["nothing", "abcdefghijk", "ABCDEFGHIJK"]
    assert twins(texts, known) == [None, Twin(0, False, 8 / 9)]
    assert resembling(texts, known) == [None, Twin(1, True, 7 / 8)]


def test_masks_of_different_people_are_alike():
    assert normalised("Mail <EMAIL_bcdfghjk>!") == normalised("mail <EMAIL_zzzzzzzz>")
    assert distinct(["Mail <EMAIL_bcdfghjk>", "Mail <EMAIL_zzzzzzzz>", "Mail <PHONE_zzzzzzzz>"]) == [0, 2]


def test_the_threshold_is_the_share_of_common_pieces():
    one, other = pieces("abcdefghij"), pieces("abcdefghijkl")
    assert resemblance(one, other) == 6 / 8
    assert distinct(["abcdefghij", "abcdefghijkl"], similarity=0.75) == [0]
    assert distinct(["abcdefghij", "abcdefghijkl"], similarity=0.76) == [0, 1]


def test_short_and_empty_texts_are_compared_as_they_are():
    assert distinct(["", "a", "b", "", "A", "ab"]) == [0, 1, 2, 5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=12), st.lists(st.text(max_size=12), max_size=6))
def test_nothing_kept_repeats_another_and_everything_left_out_repeats_what_it_says(texts, known):
    found = twins(texts, known)
    kept = [text for text, twin in zip(texts, found, strict=True) if twin is None]
    assert distinct(kept, known) == list(range(len(kept)))
    for text, twin in zip(texts, found, strict=True):
        if twin:
            other = (known if twin.known else texts)[twin.of]
            assert resemblance(pieces(normalised(text)), pieces(normalised(other))) == twin.similarity >= 0.8


def test_among_a_thousand_questions_every_pair_above_the_threshold_is_found():
    """MinHash only proposes: its answer is that of comparing all pairs."""
    rng = random.Random(3)
    texts = [" ".join(rng.choices(WORDS, k=9)) for _ in range(250)]
    texts += [f"{text} {rng.choice(WORDS)[:3]}" for text in texts[:120]]
    rng.shuffle(texts)
    sets = [pieces(normalised(text)) for text in texts]
    kept: list[int] = []
    for i, of_text in enumerate(sets):
        if all(resemblance(of_text, sets[j]) < 0.8 for j in kept):
            kept.append(i)
    assert distinct(texts) == kept
    assert len(kept) < 300
