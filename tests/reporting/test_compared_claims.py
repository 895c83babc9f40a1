"""Claims about models compared with each other on the same data: each can come out each way, and is seldom wrong."""

import numpy as np
import pytest

from edgemem.numerics.evidence import CANNOT_TELL, CONTRADICTED, SUPPORTED
from edgemem.numerics.statistics import mean_interval
from edgemem.reporting.claims import campaign_claims, cases_of, compared_claims
from edgemem.reporting.compared_claims import COMPARED
from edgemem.reporting.compared_judges import NOTHING, OTHERS, started_elsewhere

from .synthetic import Table, measured


CLAIMS = {claim.name: claim for claim in COMPARED}
SEEDS = 5
SETTINGS = ("gaussian_N100_d30_K3", "gaussian_N50_d30_K3", "gaussian_N200_d30_K3", "gaussian_N100_d60_K12")
FIRST = SETTINGS[0]


def campaign() -> Table:
    """A campaign in which every claim is right."""
    table: Table = {"campaign/seeds": float(SEEDS)}
    for i, setting in enumerate(SETTINGS):
        own = f"starts/{setting}"
        table |= measured(f"{own}/best_m50", 0.8 + 0.001 * i, 0.005) | measured(f"{own}/up_minus_down", 0.0, 0.01)
        table |= measured(f"{own}/training_samples/samples/m50_from_first", 0.0, 0.0)
        table |= measured(f"{own}/training_samples/samples/ratio_at_n", 1.0, 0.0)
        table |= measured(f"{own}/training_samples/wide/m50_from_first", 0.001, 0.005)
        for start in OTHERS:
            table |= measured(f"{own}/{start}/{start}/ratio_at_n", 1.0, 0.01)
            table |= measured(f"{own}/{start}/{start}/m50_from_first", 0.001, 0.005)
        table |= measured(f"{own}/random/long/ratio_at_n", 0.99, 0.02)
        table |= measured(f"{setting}/learned/largest_fall", 0.01, 0.01)
        for weighting in ("v", "x0"):
            table |= measured(f"weightings/{setting}/{weighting}/{weighting}/m50_from_first", 0.005, 0.005)
        table |= measured(f"{setting}/mixture/copies_of_duplicated_over_single", 1.5, 0.1)
        table |= {f"{setting}/mixture/m50_pooled": 0.8, f"{setting}/mixture/learned_variance_at_0.5": 0.4}
    return table


def everywhere(pattern: str, value: float, half: float) -> Table:
    """A quantity of all settings; `{}` stands for the setting."""
    return {k: v for setting in SETTINGS for k, v in measured(pattern.format(setting), value, half).items()}


def scattered(value: float, by: float) -> Table:
    """Places of best known minima that differ between settings, one up, one down, each with a wide interval."""
    names = [f"starts/{setting}/best_m50" for setting in SETTINGS]
    return {k: v for i, name in enumerate(names) for k, v in measured(name, value + by * (-1) ** i, 0.2).items()}


def unknowing(value: float, half: float) -> Table:
    """The ratios at M = N of all trainings whose start knows no sample."""
    starts = ("fresh_samples/fresh_samples", "true_means/true_means", "random/random", "random/long")
    return {k: v for s in starts for k, v in everywhere(f"starts/{{}}/{s}/ratio_at_n", value, half).items()}


def correlations(value: float, half: float) -> Table:
    return everywhere("{}/mixture/copies_density_correlation", value, half)


def moved(value: float, half: float, path: str) -> tuple[Table, Table]:
    """How far a transition has moved: everywhere, and in one setting alone."""
    return everywhere(f"{path}/m50_from_first", value, half), measured(
        f"{path.format(FIRST)}/m50_from_first", value, half
    )


WIDE, KMEANS, OF_V = "starts/{}/training_samples/wide", "starts/{}/kmeans/kmeans", "weightings/{}/v/v"
# By claim: numbers that support it beside those of `campaign`, that contradict it, and that cannot tell.
TABLE: dict[str, tuple[list[Table], list[Table], list[Table]]] = {
    "Best known minimum": (
        [{}],
        [everywhere("starts/{}/best_m50", 0.7, 0.01), measured(f"starts/{FIRST}/best_m50", 0.9, 0.01)],
        [scattered(0.8, 0.02), {f"starts/{FIRST}/best_m50": None}],
    ),
    "Variance at the start": (
        [{}],
        list(moved(0.05, 0.005, WIDE)),
        [*moved(0.01, 0.05, WIDE), {f"{WIDE.format(FIRST)}/m50_from_first": None}],
    ),
    **{
        f"Start: {start}": (
            [{}, everywhere(f"starts/{{}}/{start}/{start}/ratio_at_n", 1.0, 0.0)],
            [
                everywhere(f"starts/{{}}/{start}/{start}/ratio_at_n", 0.0, 0.0),
                measured(f"starts/{FIRST}/{start}/{start}/ratio_at_n", 0.2, 0.05),
            ],
            [
                everywhere(f"starts/{{}}/{start}/{start}/ratio_at_n", 0.6, 0.2),
                measured(f"starts/{FIRST}/{start}/{start}/ratio_at_n", 0.42, 0.1),  # four starts share the level
                {f"starts/{FIRST}/{start}/{start}/ratio_at_n": None},
            ],
        )
        for start in OTHERS
    },
    "Start: kmeans, place": ([{}], list(moved(-0.1, 0.01, KMEANS)), list(moved(-0.01, 0.1, KMEANS))),
    "More training": (
        [{}, unknowing(0.1, 0.01) | measured(f"starts/{FIRST}/random/long/ratio_at_n", 1.0, 0.01)],
        [
            unknowing(0.3, 0.05),
            # Learned weights are another denoiser.
            unknowing(0.3, 0.05)
            | measured(f"starts/{FIRST}/random/free/ratio_at_n", 1.0, 0.01)
            | measured(f"{FIRST}/free/largest_fall", 0.0, 0.01),
        ],
        [
            unknowing(0.3, 0.05) | measured(f"starts/{FIRST}/random/long/ratio_at_n", 0.95, 0.1),
            unknowing(0.3, 0.05) | {f"starts/{FIRST}/random/long/ratio_at_n": None},
        ],
    ),
    "No hysteresis": (
        [{}],
        [everywhere("starts/{}/up_minus_down", -0.2, 0.02), measured(f"starts/{FIRST}/up_minus_down", 0.2, 0.02)],
        [everywhere("starts/{}/up_minus_down", 0.04, 0.05), {f"starts/{FIRST}/up_minus_down": None}],
    ),
    "Learned weights": (
        [{}],
        [measured(f"{FIRST}/learned/largest_fall", 0.2, 0.02)],
        [measured(f"{FIRST}/learned/largest_fall", 0.05, 0.05), {f"{FIRST}/learned/largest_fall": None}],
    ),
    "Weighting of times": ([{}], list(moved(0.04, 0.005, OF_V)), list(moved(0.015, 0.02, OF_V))),
    "Sparse regions first": (
        [correlations(-0.4, 0.1)],
        [correlations(0.0, 0.02), correlations(0.4, 0.1)],
        [correlations(-0.1, 0.2), correlations(-0.4, 0.1) | {f"{FIRST}/mixture/copies_density_correlation": None}],
    ),
    "Prototypes first": (
        [correlations(0.4, 0.1)],
        [correlations(0.0, 0.02), correlations(-0.4, 0.1)],
        [correlations(0.1, 0.2)],
    ),
    "Duplicates": (
        [{}],
        [measured(f"{FIRST}/mixture/copies_of_duplicated_over_single", 0.5, 0.1)],
        [measured(f"{FIRST}/mixture/copies_of_duplicated_over_single", 1.1, 0.2)],
    ),
}
CASES = [
    (name, verdict, change)
    for name, columns in TABLE.items()
    for verdict, changes in zip((SUPPORTED, CONTRADICTED, CANNOT_TELL), columns, strict=True)
    for change in changes
]


def test_every_claim_has_all_three_verdicts():
    assert set(TABLE) == set(CLAIMS)
    assert all(all(columns) for columns in TABLE.values())


@pytest.mark.parametrize(("name", "verdict", "change"), CASES)
def test_verdicts_follow_the_numbers(name: str, verdict: str, change: Table):
    found = CLAIMS[name].judge(campaign() | change, [])
    assert found.verdict == verdict, found.ours
    assert not any(word in found.ours for word in ("nan", "None", "inf]", "[-inf"))


@pytest.mark.parametrize("name", CLAIMS)
def test_a_campaign_that_compares_nothing_says_nothing(name: str):
    found = CLAIMS[name].judge({"campaign/seeds": 5.0}, [])
    assert (found.ours, found.verdict) == (NOTHING, CANNOT_TELL)


def test_the_paper_speaks_of_training_from_its_samples():
    """Cases that start elsewhere are in none of its claims, and are not counted as settings."""
    metrics = campaign() | {f"{FIRST}/random/m50_pooled": 0.2, f"{FIRST}/random/learned_variance_at_0.5": 0.4}
    assert f"{FIRST}/random" in started_elsewhere(metrics)
    assert cases_of(metrics) == [f"{setting}/mixture" for setting in SETTINGS]
    cases = [f"{setting}/{model}" for setting in SETTINGS for model in ("mixture", "random")]
    assert campaign_claims(metrics, cases) == campaign_claims(metrics, cases_of(metrics))


def test_a_report_has_the_claims_of_which_its_campaign_compares_anything():
    only = {name: value for name, value in campaign().items() if not name.startswith("starts/")}
    names = [judged.name for judged in compared_claims(only, cases_of(only))]
    assert names == ["Learned weights", "Weighting of times", "Duplicates"]


@pytest.mark.parametrize(
    ("name", "path", "truth", "wrong"),
    [
        # True values at the bounds, where verdicts are wrong most often.
        ("Variance at the start", "starts/{}/training_samples/wide/m50_from_first", 0.02, SUPPORTED),
        ("Variance at the start", "starts/{}/training_samples/wide/m50_from_first", 0.02, CONTRADICTED),
        ("Weighting of times", "weightings/{}/v/v/m50_from_first", 0.02, CONTRADICTED),
        ("Start: true_means", "starts/{}/true_means/true_means/ratio_at_n", 0.5, SUPPORTED),
        ("Start: true_means", "starts/{}/true_means/true_means/ratio_at_n", 0.5, CONTRADICTED),
        ("Sparse regions first", "{}/mixture/copies_density_correlation", -0.1, CONTRADICTED),
        ("No hysteresis", "starts/{}/up_minus_down", 0.05, CONTRADICTED),
    ],
)
def test_false_verdicts_of_simulated_data_sets_are_rare(name: str, path: str, truth: float, wrong: str):
    """Of 1,000 campaigns at most one in twenty, and what their counting allows, says what is not shown."""
    rng, repeats, false = np.random.default_rng(0), 1000, 0
    for _ in range(repeats):
        table = campaign()
        for setting in SETTINGS:
            value, low, high = mean_interval(rng.normal(truth, 0.02, SEEDS))
            own = path.format(setting)
            table |= {own: float(value), f"{own}_low": float(low), f"{own}_high": float(high)}
        false += CLAIMS[name].judge(table, []).verdict == wrong
    assert false / repeats <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)
