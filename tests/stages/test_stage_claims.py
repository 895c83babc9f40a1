"""The page of claims is that of the collected numbers, and says what the report of a campaign says."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from edgemem.analysis import published
from edgemem.cli import main
from edgemem.layout import CLAIMED, SOLVED, TIMED
from edgemem.reporting.claims import campaign_claims, cases_of, documented_claims, rules_table
from edgemem.reporting.compared_claims import COMPARED
from edgemem.reporting.figure_values import CASE, comparisons
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.paper_claims import PAPER
from edgemem.reporting.skill import noise_table, predictor_table, weights_text
from edgemem.reporting.summary_metrics import read_metrics
from edgemem.reporting.verdicts import MISSING


ROOT = Path(__file__).parents[2]
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


def test_a_missing_number_is_named(tmp_path, capsys):
    files = []
    counts = {"campaign/seeds": 1.0, "campaign/settings": 2.0}
    tables = {"paper": counts, "seeds": {}, "figures": figures(), "refute": counts, "images": counts}
    tables |= {"starts": {}, "weights": {}, "copies": {}}
    for name, metrics in tables.items():
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(metrics))
    words = ["claims", str(ROOT / "docs/templates/claims.md"), str(tmp_path / "page.md"), "--metrics", *map(str, files)]
    assert main(words) == 1
    assert "the metrics lack campaign/se" in capsys.readouterr().err
    files[1].write_text("{")
    assert main(words) == 1
    assert f"{files[1]} cannot be read as metrics" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()


def test_page_and_report_say_the_same():
    """The row of a campaign is what a report of that campaign says."""
    published_metrics = {name: read_metrics(ROOT / f"docs/results/{name}/metrics.json") for name in CLAIMED}
    for claims in (PAPER, FURTHER, COMPARED):
        table = documented_claims(published_metrics, claims)
        for _, _, campaign, ours, verdict in table.rows:
            metrics = published_metrics[campaign.strip("`")]
            own = {(each.ours, f"**{each.verdict}**") for each in campaign_claims(metrics, cases_of(metrics), claims)}
            assert (ours, verdict) in own


def test_rules_are_made_of_their_bounds():
    """There is a rule in words for every claim, with the bound that judges it."""
    rows = {row[0]: " ".join(row) for row in rules_table().rows}
    assert list(rows) == [claim.name for claim in PAPER + FURTHER + COMPARED]
    assert "[0.78, 0.82] N" in rows["Four fifths"]
    assert "2e-04" in rows["Regression"]
    assert "at least 8" in rows["Regression"]


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


def test_directions_are_those_above_the_noise():
    """The count comes from the metrics; where it is not there, or not known, the text says so."""
    metrics: dict[str, float | None] = {"regression/objective": 1e-5, "regression/objective_worst": 1e-2}
    metrics["regression/identified_directions"] = 3.0
    assert "tell **3** of its directions above the noise" in weights_text(metrics)
    assert "unknown in this campaign" in weights_text(metrics | {"regression/identified_directions": None})
    del metrics["regression/identified_directions"]
    assert MISSING in weights_text(metrics)


def test_tables_have_counts_and_components():
    """Folds have numbers of settings, components intervals, whole groups before those of one N, in order of N."""
    group = "components/gaussian/mixture"
    metrics: dict[str, float | None] = {"predictor/constant/squared_error_holdout": 1e-3}
    metrics |= {"predictor/constant/count_holdout": 16.0, "predictor/constant/p_value": 6e-70}
    for name in (f"{group}/N=200", f"{group}/N=50", group):
        metrics |= {f"{name}/between_data_sets{end}": 1e-5 for end in ("", "_low", "_high")}
        metrics |= {f"{name}/settings": 4.0, f"{name}/seeds": 5.0, f"{name}/counting": 2e-6}
    rows = noise_table(metrics).rows
    assert [row[0] for row in rows[:3]] == [f"gaussian/mixture{end}" for end in ("", "/N=50", "/N=200")]
    assert rows[0][1:] == ["4 × 5", "–", "1.0e-05 [1.0e-05, 1.0e-05]", "2.0e-06", "–"]
    table = predictor_table(metrics)
    assert table.rows[0][:2] == ["settings in the fold", "16"]
    assert table.rows[1][-1] == "< 1e-6"
    assert all(len(row) == len(table.header) for row in table.rows)


def test_page_is_that_of_the_collected_numbers(tmp_path):
    """docs/claims.md is what `snakemake docs/claims.md` makes of docs/results, to the letter."""
    metrics, timed, solved = (
        [ROOT / f"docs/results/{name}/metrics.json" for name in names] for names in (CLAIMED, (TIMED,), SOLVED)
    )
    words = ["claims", ROOT / "docs/templates/claims.md", page := tmp_path / "claims.md", "--metrics", *metrics]
    # These come in once they are collected.
    words += ["--timed", *timed] if all(path.exists() for path in timed) else []
    words += ["--solved", *solved] if all(path.exists() for path in solved) else []
    assert main([str(word) for word in words]) == 0
    assert page.read_text() == (ROOT / "docs/claims.md").read_text()
