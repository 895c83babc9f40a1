"""Verdicts are rarely the opposite of what is true, in simulated campaigns; `benchmarks.verdict_rates` has more."""

from collections import Counter

import numpy as np
import pytest
from benchmarks.simulated_campaigns import EFFECT, NO_EFFECT, THEORY
from benchmarks.verdict_rates import FALSE, LISTS, TRUTHS, Judged, agreed, campaign, constants, everywhere, judged
from scipy import stats

from edgemem.numerics.evidence import CANNOT_TELL, CONTRADICTED, SUPPORTED


# Of each world, with 2 to 16 settings.
CAMPAIGNS = {NO_EFFECT: 16, EFFECT: 6, THEORY: 6}
# A test that fails by chance once in ten thousand times.
CHANCE = 1e-4


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[Judged]]:
    """The verdicts on each claim."""
    found: dict[str, list[Judged]] = {name: [] for name in TRUTHS}
    for world, count in CAMPAIGNS.items():
        for number in range(count):
            for one in judged(*campaign(world, number, seed=1, largest=16)):
                found[one.claim].append(one)
    return found


def most(count: int) -> float:
    """How many false verdicts of some are no more than chance gives, with as many tests as claims."""
    return float(stats.binom.ppf(1 - CHANCE / len(TRUTHS), count, FALSE))


def test_every_claim_has_a_truth(verdicts: dict[str, list[Judged]]):
    assert sorted(TRUTHS) == sorted([*LISTS["paper"], *LISTS["further"]])
    assert all(len(found) == sum(CAMPAIGNS.values()) for found in verdicts.values())


def test_false_verdicts_are_rare(verdicts: dict[str, list[Judged]]):
    for name, found in verdicts.items():
        known = [one for one in found if one.truth is not None]
        assert sum(one.false for one in known) <= most(len(known)), name


def test_verdicts_are_given_and_mostly_right(verdicts: dict[str, list[Judged]]):
    """Rules that say nothing are never wrong: more verdicts are right than false, and of most claims there are some."""
    all_of_them = [one for found in verdicts.values() for one in found]
    told = Counter(one.verdict for one in all_of_them if one.truth is not None)
    assert min(told[SUPPORTED], told[CONTRADICTED]) > 30
    right = {name: sum(one.right for one in found) for name, found in verdicts.items()}
    assert sum(count > 0 for count in right.values()) > len(right) / 2
    assert sum(right.values()) > 20 * sum(one.false for one in all_of_them)


@pytest.mark.parametrize(
    ("always", "claims"),
    [
        (SUPPORTED, ("Equal weights, C = 2", "Equal weights, the exact losses", "Within one variance")),
        (CONTRADICTED, ("Transition", "Seeds")),
    ],
)
def test_a_judge_that_does_not_look_is_found(verdicts: dict[str, list[Judged]], always: str, claims: tuple[str, ...]):
    for name in claims:
        known = [one._replace(verdict=always) for one in verdicts[name] if one.truth is not None]
        assert sum(one.false for one in known) > most(len(known)), name


@pytest.mark.parametrize(
    ("values", "centre", "between", "true"),
    [
        ([0.79, 0.81], None, None, True),
        ([0.79, 0.81], 0.8, 1e-4, True),
        ([0.81, 0.815], 0.83, 1e-4, None),  # within, by chance
        ([0.80, 0.80, 0.80, 0.825], 0.8, 1e-4, None),  # one outside, but their mean is not, and they differ little
        ([0.76, 0.84], None, None, False),
        ([0.83, 0.84], 0.82, 1e-4, None),  # the distribution is within
        ([0.83, 0.84], 0.84, 1e-4, False),
        ([0.83], None, None, False),
    ],
)
def test_what_is_true_everywhere(values: list[float], centre: float | None, between: float | None, true: bool | None):
    assert everywhere(np.array(values), 0.78, 0.82, centre, between) is true


def test_what_is_true_of_constants():
    """Of all fractions but the last, which is M = N."""
    assert constants(np.array([[2.0, 2.1, 9.0]] * 2), 1.8, 2.2) is True
    assert constants(np.array([[2.0, 2.3, 2.0]] * 2), 1.8, 2.2) is False
    assert constants(np.array([[2.0, 2.0, 2.0], [2.0, 2.25, 2.0]]), 1.8, 2.2) is None


def test_what_is_false():
    assert [agreed(True, True), agreed(False, False), agreed(True, False), agreed(None)] == [True, False, None, None]
    table = {
        (True, SUPPORTED): (False, True),
        (True, CONTRADICTED): (True, False),
        (False, SUPPORTED): (True, False),
        (False, CONTRADICTED): (False, True),
    }
    for truth in (True, False, None):
        for verdict in (SUPPORTED, CONTRADICTED, CANNOT_TELL):
            one = Judged("a claim", verdict, truth)
            assert (one.false, one.right) == table.get((truth, verdict), (False, False))
