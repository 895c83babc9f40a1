"""Claims on training times: each can come out each way, and is seldom wrong."""

import numpy as np
import pytest

from edgemem.numerics.evidence import CANNOT_TELL, CONTRADICTED, SUPPORTED, Quantity
from edgemem.reporting.claims import rules_table, timed_claims
from edgemem.reporting.compared_judges import NOTHING
from edgemem.reporting.timed_claims import (
    CLAIMS,
    NOT_TESTABLE,
    SAMPLES,
    SCALINGS,
    TEST,
    WIDTH,
    not_testable_table,
    verdicts,
)

from .synthetic import Table, measured


BY_NAME = {claim.name: claim for claim in CLAIMS}
SEEDS = 5
FAMILY, WIDTHS = "times/gaussian_d30_K3/mlp", (32, 64, 128)
SETTINGS = tuple(f"times/gaussian_N{n}_d30_K3/mlp" for n in (16, 32, 64, 128))
PARTS = ("", "_lower_half", "_upper_half")
# Where the exponents of each claim stand, and what is claimed of them.
PATHS = {
    SAMPLES: ([f"{FAMILY}/{width}/tau50_on_n" for width in WIDTHS], 1.0),
    WIDTH: ([f"{setting}/tau50_on_size" for setting in SETTINGS], -1.0),
    TEST: ([f"{FAMILY}/{width}/tau_test_on_n" for width in WIDTHS], 0.0),
}


def exponents(name: str, value: float, half: float, parts: tuple[str, ...] = PARTS) -> Table:
    """All exponents of a claim."""
    paths, _ = PATHS[name]
    table: Table = {}
    for path in paths:
        table |= {f"{path}_places": 4.0, f"{path}_left_out": 1.0}
        for part in parts:
            table |= measured(f"{path}{part}", value, half)
    return table


def gains(value: float, half: float, *axes: str) -> Table:
    """The shares of the two rivals' errors."""
    return {
        k: v
        for axis in axes or ("points", "points_times_size")
        for k, v in measured(f"{FAMILY}/loss_gain_over_{axis}", value, half).items()
    }


def campaign() -> Table:
    """A campaign in which every claim is right."""
    table: Table = {"campaign/seeds": float(SEEDS), "times/gaussian_N16_d30_K3/mlp/32/tau50": 100.0}
    for name, (_, claimed) in PATHS.items():
        table |= exponents(name, claimed + 0.01, 0.05)
    return table | gains(0.8, 0.1)


def one(name: str, value: float, half: float, part: str = "") -> Table:
    """One exponent of a claim."""
    return measured(f"{PATHS[name][0][0]}{part}", value, half)


# By claim: numbers that support it beside those of `campaign`, that contradict it, and that cannot tell.
TABLE: dict[str, tuple[list[Table], list[Table], list[Table]]] = {
    SAMPLES: (
        [{}, exponents(SAMPLES, 1.1, 0.05)],
        [exponents(SAMPLES, 1.5, 0.1), one(SAMPLES, 1.6, 0.1, "_upper_half")],
        [
            exponents(SAMPLES, 1.0, 0.5),
            one(SAMPLES, 1.15, 0.1, "_lower_half"),
            {f"{FAMILY}/32/tau50_on_n_lower_half": None},
        ],
    ),
    WIDTH: (
        [{}, {f"{SETTINGS[3]}/tau50_on_size_places": 1.0, f"{SETTINGS[3]}/tau50_on_size": None}],
        [exponents(WIDTH, -2.0, 0.2), one(WIDTH, -1.5, 0.1)],
        [exponents(WIDTH, -1.2, 0.1), {f"{path}_places": 1.0 for path in PATHS[WIDTH][0]}],
    ),
    TEST: (
        [{}],
        [exponents(TEST, 0.5, 0.1), one(TEST, 0.5, 0.1, "_upper_half")],
        [exponents(TEST, 0.1, 0.2)],
    ),
    "One curve": (
        [{}],
        [gains(-0.5, 0.3), gains(0.0, 0.05, "points_times_size")],
        [gains(0.2, 0.3), {f"{FAMILY}/loss_gain_over_points_low": None}],
    ),
}
CASES = [
    (name, verdict, change)
    for name, columns in TABLE.items()
    for verdict, changes in zip((SUPPORTED, CONTRADICTED, CANNOT_TELL), columns, strict=True)
    for change in changes
]


def test_every_claim_has_all_three_verdicts():
    assert set(TABLE) == set(BY_NAME)
    assert all(all(columns) for columns in TABLE.values())


@pytest.mark.parametrize(("name", "verdict", "change"), CASES)
def test_verdicts_follow_the_numbers(name: str, verdict: str, change: Table):
    found = BY_NAME[name].judge(campaign() | change, [])
    assert found.verdict == verdict, found.ours
    assert not any(word in found.ours for word in ("nan", "None", "inf"))


def test_a_claim_of_three_takes_more_than_one_alone():
    """By Holm's method: what would be shown alone is not, where the other two are far from it."""
    unclear = exponents(WIDTH, -1.0, 0.9) | exponents(TEST, 0.0, 0.9)
    near = exponents(SAMPLES, 1.0, 0.2)
    assert BY_NAME[SAMPLES].judge(campaign() | near, []).verdict == SUPPORTED
    assert BY_NAME[SAMPLES].judge(campaign() | near | unclear, []).verdict == CANNOT_TELL
    alone = {name: value for name, value in campaign().items() if "tau_test" not in name and "on_size" not in name}
    assert BY_NAME[SAMPLES].judge(alone | near, []).verdict == SUPPORTED


def test_the_numbers_are_told():
    found = BY_NAME[SAMPLES].judge(campaign() | one(SAMPLES, 0.9, 0.05), [])
    other = "1.01 [0.96, 1.06]"
    assert found.ours == f"exponent 0.90 [0.85, 0.95] to {other}, by halves {other} to {other} (3 exponents)"
    assert BY_NAME["One curve"].judge(campaign(), []).ours == (
        "share 0.80 [0.70, 0.90] against step / N, 0.80 [0.70, 0.90] against step × width / N"
    )


def test_the_claims_speak_of_networks():
    """The size of a mixture is no width, and it may have memorized before it is trained."""
    mixture = {name.replace("/mlp", "/mixture"): value for name, value in campaign().items()}
    mixture["gaussian_N16_d30_K3/mixture/learned_variance_at_0.5"] = 0.4
    for claim in CLAIMS:
        assert claim.judge(mixture, []).verdict == CANNOT_TELL
        both = campaign() | {name: value and -value for name, value in mixture.items()} | {"campaign/seeds": 5.0}
        assert claim.judge(both, []) == claim.judge(campaign(), [])


def test_a_campaign_without_courses_has_none_of_the_claims():
    assert timed_claims({"campaign/seeds": 5.0}, {"mlp"}) == []
    assert all(claim.judge({"campaign/seeds": 5.0}, []) == (NOTHING, CANNOT_TELL) for claim in CLAIMS)
    assert [judged.name for judged in timed_claims(campaign(), {"mlp"})] == list(BY_NAME)


def test_models_that_are_no_networks_are_in_none_of_the_claims():
    """Whatever their times are, and although they have no learned variance either."""
    others = {name.replace("/mlp/", "/features/"): value and -value for name, value in campaign().items()}
    assert timed_claims(others, set()) == []
    assert timed_claims(others | campaign(), {"mlp"}) == timed_claims(campaign(), {"mlp"})


def test_rules_have_their_bounds():
    rows = {row[0]: " ".join(row) for row in rules_table(CLAIMS).rows}
    assert list(rows) == list(BY_NAME)
    assert "[0.8, 1.2]" in rows[SAMPLES] and "[-1.2, -0.8]" in rows[WIDTH] and "[-0.2, 0.2]" in rows[TEST]
    assert "above 0.1" in rows["One curve"]


def test_what_cannot_be_tested_is_listed():
    table = not_testable_table()
    assert [tuple(row) for row in table.rows] == list(NOT_TESTABLE)
    text = " ".join(published for published, _ in NOT_TESTABLE)
    assert all(number in text for number in ("300 N", "100,000", "47 %", "1.62 million", "1,024"))


@pytest.mark.parametrize("side", [-1, 1])
def test_false_verdicts_of_simulated_data_sets_are_rare(side: int):
    """All exponents lie on the bound, where verdicts are wrong most often: of 200 campaigns at most one in twenty, and
    what their counting allows, says of any of the three claims what is not shown."""
    rng, repeats, false = np.random.default_rng(0), 200, {SUPPORTED: 0, CONTRADICTED: 0}
    for _ in range(repeats):
        values = rng.normal(side * 0.2, 0.05, (len(SCALINGS), 4, SEEDS))
        found = {
            name: [Quantity(scaling.exponent + one.mean(), one.std(ddof=1) / SEEDS**0.5, SEEDS - 1) for one in of_claim]
            for (name, scaling), of_claim in zip(SCALINGS.items(), values, strict=True)
        }
        told = verdicts(found).values()
        for wrong in false:
            false[wrong] += wrong in told
    assert max(false.values()) / repeats <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)
