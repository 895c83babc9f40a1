"""The paper's claims are judged by rules: each verdict follows the numbers it is given."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from edgemem.analysis import published
from edgemem.cli import main
from edgemem.layout import CLAIMED
from edgemem.reporting.claims import documented_claims
from edgemem.reporting.figure_values import CASE, comparisons
from edgemem.reporting.published_verdicts import IMAGES, Campaigns
from edgemem.reporting.skill import noise_table, predictor_table, weights_text
from edgemem.reporting.summary_metrics import identified


ROOT = Path(__file__).parents[2]
NUMBERS = ROOT / "docs/measured/claims.json"
SEEDS = 10


def reported(name: str, value: float, spread: float = 0.01) -> dict[str, float]:
    return {
        f"{CASE}/{name}": value,
        f"{CASE}/{name}_low": value - spread,
        f"{CASE}/{name}_high": value + spread,
        f"{CASE}/{name}_seed_stddev": spread,
    }


def figures() -> dict[str, float | None]:
    """Numbers that agree with the paper in every claim."""
    table: dict[str, float | None] = {"campaign/seeds": float(SEEDS)}
    for name, values in (
        ("memorization_ratio", published.RATIO | {0.5: 0.0}),
        ("trained_loss", published.TRAINED_LOSS),
        ("learned_variance", published.VARIANCE),
        ("partially_memorizing_loss", published.PARTIALLY_MEMORIZING_LOSS),
    ):
        for fraction, value in values.items():
            table |= reported(f"{name}_at_{fraction:g}", value)
    for fraction in published.PARTIALLY_MEMORIZING_LOSS:
        table |= reported(f"constant_at_{fraction:g}", 1.5)
        table[f"{CASE}/finite_size_constant_at_{fraction:g}"] = 1.52
    return (
        table
        | reported("generalizing_loss", published.GENERALIZING_LOSS)
        | reported("generalizing_loss_over_theory", 1.0)
    )


def campaign() -> dict[str, float | None]:
    """A sweep of two settings in which the regression is right and a constant is not."""
    table: dict[str, float | None] = {
        f"{name}/mixture/{level}_pooled": 0.8 for name in ("one", "other") for level in ("m10", "m50", "m90")
    }
    for criterion in ("first", "fitted"):
        for points in (50, 2000):
            table[f"campaign/binomial_variance_{criterion}_{points}"] = 1e-4
    for predictor in ("constant", "fitted", "c2", "finite_size", "exact_losses"):
        table |= {
            f"predictor/{predictor}/squared_error_train": 1e-4,
            f"predictor/{predictor}/squared_error_holdout": 1e-4 if predictor == "fitted" else 1e-2,
            f"predictor/{predictor}/squared_error_leave_one_variance_out": 1e-4 if predictor == "fitted" else 1e-3,
            f"predictor/{predictor}/p_value": 1e-9,
            f"predictor/{predictor}/slope": 0.5,
        }
    return table | {
        "campaign/m50_mean": 0.8,
        "campaign/m50_mean_low": 0.79,
        "campaign/m50_mean_high": 0.81,
        "campaign/m50_stddev": 0.02,
        "campaign/settings": 2.0,
        "campaign/seed_variance": 1e-5,
        "regression/singular_value_1": 1.0,
        "regression/singular_value_2": 1e-12,
    }


def images() -> dict[str, float | None]:
    """Images with a transition."""
    values = {"memorization_ratio_at_0.5": 0.1, "memorization_ratio_at_1": 1.0, "trained_loss_at_0.5": 0.43}
    values |= {"generalizing_loss": 0.44, "m50_pooled": 0.9}
    return {name.replace(CASE, IMAGES): v for key in values for name, v in reported(key, values[key]).items()}


def verdicts(**changes: dict[str, float | None]) -> list[str]:
    """The verdicts where one campaign has some other numbers."""
    metrics = {"paper": campaign(), "seeds": campaign(), "figures": figures(), "refute": campaign()}
    metrics["images"] = images()
    for name, change in changes.items():
        metrics[name] |= change
    return [row[-1].strip("*") for row in documented_claims(Campaigns(**metrics)).rows]


YES, CAVEAT, NO = "reproduced", "reproduced with a caveat", "not reproduced"
# In the order of the table: existence, transition point, regression, both losses, variance, seeds, training losses,
# theory with equal weights, theory with fitted weights, images.
AGREED = [YES, YES, YES, YES, CAVEAT, CAVEAT, YES, YES, NO, CAVEAT, YES]


def test_numbers_that_agree():
    """The constant C is never 2 throughout, and the paper's variance itself bends."""
    assert verdicts() == AGREED


@pytest.mark.parametrize(
    ("place", "campaign", "change", "verdict"),
    [
        (0, "paper", {"one/mixture/m90_pooled": None}, NO),
        (0, "figures", {f"{CASE}/memorization_ratio_at_0.5_high": 0.2}, NO),
        (1, "paper", {"campaign/m50_mean": 0.79, "campaign/m50_mean_high": 0.795}, CAVEAT),
        (1, "paper", {"campaign/m50_mean": 0.7, "campaign/m50_mean_low": 0.69, "campaign/m50_mean_high": 0.71}, NO),
        (2, "paper", {"predictor/constant/squared_error_holdout": 1.05e-4}, CAVEAT),
        (2, "paper", {"predictor/fitted/squared_error_holdout": 3e-4}, NO),
        (3, "figures", {f"{CASE}/generalizing_loss_over_theory": 1.1}, NO),
        (5, "figures", {f"{CASE}/learned_variance_at_0.5": 0.99}, NO),
        (6, "seeds", {"campaign/seed_variance": 2e-4}, CAVEAT),
        (7, "figures", {f"{CASE}/trained_loss_at_0.{i}": 9.0 for i in (2, 3)}, NO),
        (8, "refute", {"predictor/exact_losses/p_value": 0.2}, YES),
        (8, "refute", {"predictor/exact_losses/p_value": 0.012}, NO),
        (9, "refute", {"predictor/constant/squared_error_leave_one_variance_out": 0.9e-4}, NO),
        (10, "images", {f"{IMAGES}/memorization_ratio_at_0.5_high": 0.25}, NO),
        (10, "images", {f"{IMAGES}/memorization_ratio_at_1_low": 0.85}, NO),
    ],
)
def test_each_verdict_follows_its_numbers(place, campaign, change, verdict):
    expected = list(AGREED)
    expected[place] = verdict
    assert verdicts(**{campaign: change}) == expected


def test_a_missing_number_is_named(tmp_path, capsys):
    files = []
    tables = {"paper": campaign(), "seeds": {}, "figures": figures(), "refute": campaign(), "images": images()}
    for name, metrics in tables.items():
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(metrics))
    words = ["claims", str(ROOT / "docs/templates/claims.md"), str(tmp_path / "page.md"), "--metrics", *map(str, files)]
    words += ["--numbers", str(NUMBERS)]
    assert main(words) == 1
    assert "the metrics lack campaign/seed_variance" in capsys.readouterr().err
    files[1].write_text("{")
    assert main(words) == 1
    assert f"{files[1]} cannot be read as metrics" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()


def test_intervals_for_one_data_set_cover_it():
    """95 % of simulated papers, one data set each with 50 points, lie inside the interval made of ten others."""
    rng = np.random.default_rng(0)
    ratio_inside, loss_inside, repeats = 0, 0, 3000
    for _ in range(repeats):
        # A ratio that differs between data sets, and a loss.
        ratios = rng.normal(0.5, 0.03, size=SEEDS + 1)
        losses = rng.normal(4.6, 0.04, size=SEEDS + 1)
        table = figures()
        for name, values in (("memorization_ratio_at_0.8", ratios), ("trained_loss_at_0.7", losses)):
            table |= reported(name, values[1:].mean(), values[1:].std(ddof=1))
        found = {(c.what.split()[0], c.fraction): c for c in comparisons(table)}
        ratio, loss = found["memorization", 0.8], found["training", 0.7]
        ratio_inside += ratio.low <= rng.binomial(50, ratios[0]) / 50 <= ratio.high
        loss_inside += loss.low <= round(losses[0], 2) <= loss.high
    assert 0.93 <= loss_inside / repeats <= 0.97
    # Whole counts of 50 move the coverage in steps; Student's quantile for the known binomial part adds a little.
    assert 0.93 <= ratio_inside / repeats <= 0.985


def test_comparison_by_hand():
    """The difference in standard errors of a loss: spread of seeds, error of their mean, digits of the figure."""
    table = figures() | reported("trained_loss_at_0.7", 4.5, 0.04)
    (found,) = [c for c in comparisons(table) if c.what.startswith("training") and c.fraction == 0.7]
    error = np.sqrt(0.04**2 * 1.1 + 0.01**2 / 12)
    assert found.standard_errors == pytest.approx((4.61 - 4.5) / error)
    assert found.high == pytest.approx(4.5 + stats.t.ppf(0.975, 9) * error)
    assert found.inside == (found.standard_errors < stats.t.ppf(0.975, 9))


def test_tables_say_what_is_unknown(made):
    """One setting and two seeds, some without a transition, leave dashes and no nan."""
    metrics = json.loads(made.metrics.read_text())
    for text in (str(predictor_table(metrics)), str(noise_table(metrics)), weights_text(metrics)):
        assert "nan" not in text.lower()
        assert "None" not in text


def test_identified_directions_are_counted():
    values = [0.1, 0.01, 1e-12]
    metrics: dict[str, float | None] = {f"regression/singular_value_{i}": v for i, v in enumerate(values, 1)}
    assert identified(metrics) == (2, values)


def test_page_is_that_of_the_collected_numbers(tmp_path):
    """docs/claims.md is what `snakemake docs/claims.md` makes of docs/results, to the letter."""
    files = [str(ROOT / f"docs/results/{name}/metrics.json") for name in CLAIMED]
    page = tmp_path / "claims.md"
    words = ["claims", str(ROOT / "docs/templates/claims.md"), str(page), "--metrics", *files]
    assert main([*words, "--numbers", str(NUMBERS)]) == 0
    assert page.read_text() == (ROOT / "docs/claims.md").read_text()
