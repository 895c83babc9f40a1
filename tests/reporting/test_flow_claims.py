"""Claims on random features: each can come out each way, from numbers of a campaign by their names."""

import numpy as np
import pytest

from edgemem.layout import SOLVED
from edgemem.numerics.evidence import CANNOT_TELL, CONTRADICTED, SUPPORTED
from edgemem.reporting.claims import documented_claims, flow_claims, rules_table
from edgemem.reporting.compared_judges import NOTHING
from edgemem.reporting.flow_claims import CLAIMS

from .synthetic import Table, measured


BY_NAME = {claim.name: claim for claim in CLAIMS}
SEEDS = {"campaign/seeds": 5.0}
FAMILY, SIZES = "flow/gaussian_d60_K1_sep0/time/1920/t0.426", "flow/gaussian_N240_d30_K1_sep0"
# Names of the numbers of claims on exponents and spreads, what is claimed of them, and what is not.
PLAIN = {
    "Fast phase": ([f"{FAMILY}/generalizing_on_n"], 0.1, 0.3),
    "Losses part at τ ∝ N": ([f"{FAMILY}/{event}_on_n_{n}" for event in ("half", "train") for n in (30, 60)], 1.0, 0.6),
    "Two channels": ([f"{FAMILY}/{event}_spread_over_two_channels" for event in ("half", "train")], 0.05, 0.12),
    "Least error": ([f"{FAMILY}/score_error_on_n"], -0.59, -0.5),
    "Copies at τ ∝ N": ([f"times/gaussian_d8_K3/samples/{size}/tau50_on_n" for size in (400, 800)], 1.0, 2.0),
    "Mirror images": ([f"gaussian_N20_d8_K3/unbiased/memorization_ratio_at_{at}" for at in (20, 40)], 0.3, 0.6),
}


def judged(name: str, table: Table) -> str:
    return BY_NAME[name].judge(SEEDS | table, []).verdict


@pytest.mark.parametrize("name", PLAIN)
def test_claims_on_single_numbers_come_out_each_way(name: str):
    names, claimed, other = PLAIN[name]
    right = {key: value for own in names for key, value in measured(own, claimed, 0.01).items()}
    assert judged(name, right) == SUPPORTED
    assert judged(name, right | measured(names[-1], other, 0.01)) == CONTRADICTED
    assert judged(name, right | measured(names[-1], other, 3.0)) == CANNOT_TELL
    assert BY_NAME[name].judge(SEEDS, []).ours == NOTHING


@pytest.mark.parametrize(
    ("published", "n", "expected"), [(0.03, 0.2, SUPPORTED), (0.185, 0.177, CONTRADICTED), (0.098, 0.2, CANNOT_TELL)]
)
def test_the_published_time_has_to_halve_the_spread_over_n(published: float, n: float, expected: str):
    table = measured(f"{FAMILY}/half_spread_over_published", published, 0.01)
    assert judged("Published time", table | measured(f"{FAMILY}/half_spread_over_n", n, 0.01)) == expected
    assert judged("Published time", {}) == CANNOT_TELL


def peaks(two: float = 2.0, rise: float = 0.3) -> Table:
    table: Table = measured(f"{SIZES}/all_draws/t0.426/rise_at_end", rise, 0.01)
    for draws, peak in ((1, 1.0), (2, two), (4, 4.0)):
        table |= measured(f"{SIZES}/draws{draws}/t0.426/peak", peak, 0.0)
    return table


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (peaks(), SUPPORTED),
        (peaks(two=4.0), CONTRADICTED),
        (peaks(rise=-0.3), CONTRADICTED),
        (peaks(rise=0.001), CANNOT_TELL),
    ],
)
def test_peaks_are_at_the_draws_and_nowhere_with_exact_noise(table: Table, expected: str):
    assert judged("Peak", table) == expected
    assert judged("Peak", {}) == CANNOT_TELL


def finals(few: float, many: float) -> Table:
    table: Table = {}
    for size, ratio in ((60, few), (180, few), (240, many), (450, many), (480, 5.0)):
        where = f"{SIZES}/draws1/{size}/t0.426"
        table |= measured(f"{where}/final_test", 2 * ratio, 0.001) | {f"{where}/asymptotic_test": 2.0}
    return table


@pytest.mark.parametrize(
    ("few", "many", "expected"),
    [(1.01, 0.92, SUPPORTED), (1.05, 0.92, CONTRADICTED), (1.01, 1.12, CONTRADICTED)],
)
def test_asymptotic_losses_are_asked_up_to_half_of_the_squared_dimension(few: float, many: float, expected: str):
    """At d = 30 that is 450 features; beyond, the ratio is 5 here, and nobody asks."""
    assert judged("Asymptotic loss", finals(few, many)) == expected
    assert judged("Asymptotic loss", {}) == CANNOT_TELL


@pytest.mark.parametrize(("power", "expected"), [(1.0, SUPPORTED), (2.0, CONTRADICTED), (np.nan, CANNOT_TELL)])
def test_features_that_copy_are_one_multiple_of_the_dimension(power: float, expected: str):
    table: Table = {}
    for kind in ("K1_sep0", "K3"):
        for dim in (5, 8, 12, 20):
            table |= measured(f"gaussian_N20_d{dim}_{kind}/features/m50_pooled", (dim + 1.0) ** power, 0.01)
    table = {key: None if value is not None and np.isnan(value) else value for key, value in table.items()}
    assert judged("Features to copy", table) == expected
    assert judged("Features to copy", {}) == CANNOT_TELL


def test_reports_judge_what_a_campaign_has_and_pages_what_was_collected():
    table = SEEDS | {key: value for own in PLAIN["Fast phase"][0] for key, value in measured(own, 0.1, 0.01).items()}
    assert [one.name for one in flow_claims(table)] == ["Fast phase"]
    assert flow_claims(SEEDS) == []
    assert {campaign for claim in CLAIMS for campaign in claim.campaigns} == set(SOLVED)
    rows = documented_claims(dict.fromkeys(SOLVED, table), CLAIMS).rows
    assert len(rows) == sum(len(claim.campaigns) for claim in CLAIMS)
    assert len(rules_table(CLAIMS).rows) == len(CLAIMS)
