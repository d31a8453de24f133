"""How traffic and dataset are compared: alike, apart, and what is missing."""

import random

import pytest

from tasks.curate.nearest import nearest, topical
from tasks.curate.resemblance import covered, told_apart, uncovered_topics
from tests.curate.traffic_rows import QUESTIONS

BATTERY = [
    f"Which devices in {place} have a battery below {n} percent?" for n, place in enumerate(["Spain", "Italy"] * 3)
]
WEATHER = [f"Will it rain in {place} tomorrow morning?" for place in ("Rome", "Oslo", "Bern")]


def test_similarity_sees_topics_and_not_numbers():
    asked = [
        "Which devices in Spain have a battery below 99 percent?",
        "battery levels of devices in Italy",
        "Sing a song.",
    ]
    same, alike, other = nearest(asked, BATTERY)
    assert same == pytest.approx(1)
    assert same > alike > 0.3 > other
    assert nearest(["anything"], []) == [1.0]
    assert topical("Device 12 at 3.5!") == "device 0 at 0 0"


def test_traffic_like_the_dataset_is_not_told_from_it_and_other_traffic_is():
    drawn = random.Random(3)
    asked = [f"{drawn.choice(QUESTIONS)} In region {drawn.randint(1, 9)}?" for _ in range(120)]
    alike = told_apart(asked[:40], asked[40:])
    assert alike.low < 0.5 < alike.high
    assert alike.n == 120
    apart = told_apart(asked[:40], [f"{drawn.choice(WEATHER)} Day {n}" for n in range(40)])
    assert apart.low > 0.8
    assert told_apart(asked[:19], asked[40:]) is None


def test_a_dataset_drawn_from_the_very_traffic_is_not_told_from_it_to_less_than_by_chance():
    words = " ".join(QUESTIONS).lower().split()
    drawn = random.Random(2)
    asked = [" ".join(drawn.sample(words, 6)) for _ in range(400)]
    # With either half of a pair in any fold this is 0.41 (0.35 to 0.47).
    alike = told_apart(asked[:100], asked)
    assert alike.low < 0.5 < alike.high


def test_topics_that_the_dataset_lacks_are_told_with_their_share_and_questions():
    traffic = [*BATTERY, *WEATHER, "Sing a song."]
    (weather,) = uncovered_topics(BATTERY[:1], traffic)
    assert (weather.count, weather.share.value, weather.questions) == (3, 0.3, tuple(sorted(WEATHER)))
    assert covered(BATTERY[:1], traffic).value == 0.6
    assert uncovered_topics([], traffic) == []
    assert covered([], traffic) is None
    assert uncovered_topics(BATTERY, BATTERY) == []
