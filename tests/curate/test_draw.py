"""Which candidates are taken: in balance, from many sessions, nothing twice, the same in every run."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.curate.draw import Candidate, drawn, in_order, quotas, texts_of

SHARES = {"golden": 0.5, "rare": 0.25, "failed": 0.25}


def candidate(name: str, *strata: str, cluster: str = "", text: str = "") -> Candidate:
    return Candidate(name, cluster or name, text or f"{name} {name * 5}", strata, name)


def many(count: int, *strata: str) -> list[Candidate]:
    return [candidate(f"{random.Random(f'{strata}{n}').getrandbits(64):016x}", *strata) for n in range(count)]


def take(candidates, size, held=None, known=(), shares=SHARES):
    return drawn(candidates, held=held or {}, known_texts=known, shares=shares, size=size, similarity=0.8)


def test_strata_get_their_shares_and_what_one_lacks_goes_to_the_others():
    chosen = take([*many(20, "golden"), *many(10, "golden", "rare"), *many(2, "failed")], 20)
    counts = {name: list(chosen.strata.values()).count(name) for name in SHARES}
    assert counts == {"golden": 12, "rare": 6, "failed": 2}
    assert chosen.left_out == {"near_duplicates": 0, "beyond_size": 12}


def test_a_candidate_counts_for_the_rarest_of_its_strata():
    ordered = in_order([candidate("a", "golden", "rare"), candidate("b", "golden")], {}, SHARES)
    assert {each.span_id: stratum for each, stratum in ordered} == {"a": "rare", "b": "golden"}
    alone = in_order([candidate("a", "golden", "rare")], {}, SHARES)
    assert [stratum for _, stratum in alone] == ["rare"]


def test_what_the_dataset_holds_counts_for_the_balance_and_against_doubles():
    held = {"golden": 5, "rare": 1}
    new, double = candidate("new", "rare"), candidate("double", "rare", text="how many devices are active")
    chosen = take([new, double, *many(9, "golden")], 8, held, ["How many DEVICES are active?"])
    assert set(chosen.strata) >= {"new"}
    assert "double" not in chosen.strata
    assert len(chosen.strata) == 2
    assert chosen.left_out["near_duplicates"] == 1


def test_one_session_gives_its_second_question_after_the_first_of_all_others():
    talkative = [candidate(f"a{n}", "golden", cluster="one") for n in range(5)]
    quiet = [candidate(f"b{n}", "golden") for n in range(3)]
    assert set(take([*talkative, *quiet], 4, shares={"golden": 1.0}).strata) == {"a0", "b0", "b1", "b2"}


def test_of_two_alike_in_two_strata_neither_stratum_always_wins():
    pairs = [(f"{n:02}", " ".join(random.Random(n).choices("abcdefghijklmnop", k=30))) for n in range(20)]
    good = [candidate(f"g{name}", "golden", text=text) for name, text in pairs]
    bad = [candidate(f"f{99 - int(name)}", "failed", text=text) for name, text in pairs]
    strata = list(take([*good, *bad], 20).strata.values())
    assert len(strata) == 20
    assert strata.count("golden") >= 10
    assert strata.count("failed") >= 4


@settings(max_examples=10)
@given(st.permutations(range(12)), st.integers(0, 15))
def test_the_order_of_candidates_does_not_matter_and_the_size_is_kept(order, size):
    candidates = [candidate(f"c{n:02}", ("golden", "rare", "failed")[n % 3], cluster=f"s{n % 4}") for n in range(12)]
    chosen = take([candidates[n] for n in order], size)
    assert chosen == take(candidates, size)
    assert len(chosen.strata) == min(size, 12)
    assert len(chosen.strata) + chosen.left_out["beyond_size"] + chosen.left_out["near_duplicates"] == 12


@given(
    st.dictionaries(st.sampled_from(sorted(SHARES)), st.integers(0, 30)),
    st.dictionaries(st.sampled_from([*SHARES, ""]), st.integers(0, 30)),
    st.integers(0, 60),
)
def test_quotas_fill_the_dataset_exactly_or_take_everything(available, held, size):
    taken = quotas(available, held, SHARES, size)
    assert all(0 <= taken[name] <= available[name] for name in available)
    room = max(0, size - sum(held.values()))
    assert sum(taken.values()) == min(room, sum(available.values()))


@pytest.mark.parametrize(
    ("given_input", "text"),
    [({"input": "a", "schema": "b"}, "a"), ({"question": "a", "n": 2}, "a 2"), ({"input": ""}, "")],
)
def test_an_example_that_people_added_is_compared_by_all_it_says(given_input, text):
    assert texts_of([given_input]) == [text]
