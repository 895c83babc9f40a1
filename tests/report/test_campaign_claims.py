"""The paper's claims, judged by one campaign: by its own numbers, and by none where it has none."""

import json

import pytest

from edgemem.reporting.claims import Judged, campaign_claims
from edgemem.reporting.verdicts import CAVEAT, NO, UNKNOWN, YES
from workflow.campaign import ROOT


# What each claim begins with.
EXISTS, POINT, THEORY = "A transition exists", "The transition is at four fifths", "The transition is where"
REGRESSION, GENERALIZING = "A regression", "The generalizing loss"
PARTIAL, SEEDS = "The partially memorizing", "Seeds"


def published(campaign: str) -> dict[str, float | None]:
    """Return the numbers of a campaign in the documentation."""
    found: dict[str, float | None] = json.loads((ROOT / f"docs/results/{campaign}/metrics.json").read_text())
    return found


def judged(metrics: dict[str, float | None]) -> dict[str, Judged]:
    """Return the claims by what they begin with."""
    cases = [name.removesuffix("/m50_pooled") for name in metrics if name.endswith("/m50_pooled")]
    claims = campaign_claims(metrics, cases)
    beginnings = (EXISTS, POINT, REGRESSION, GENERALIZING, PARTIAL, SEEDS, THEORY)
    assert len(claims) == len(beginnings)
    return dict(zip(beginnings, claims, strict=True))


@pytest.mark.parametrize(
    ("campaign", "verdicts"),
    {
        # One seed tests no theory, and says nothing of seeds; one variance makes a constant as good as the regression.
        "paper": {EXISTS: YES, POINT: CAVEAT, THEORY: UNKNOWN, REGRESSION: CAVEAT, GENERALIZING: YES, SEEDS: UNKNOWN},
        "refute": {EXISTS: YES, THEORY: NO, REGRESSION: YES, GENERALIZING: YES},
        # The theorems speak of mixtures, and one setting has none beside it.
        "images": {
            EXISTS: YES,
            POINT: NO,
            REGRESSION: UNKNOWN,
            GENERALIZING: UNKNOWN,
            PARTIAL: UNKNOWN,
            SEEDS: UNKNOWN,
        },
    }.items(),
)
def test_published_campaigns(campaign: str, verdicts: dict[str, str]):
    """Of the campaigns in the documentation, a report says what docs/claims.md says, as far as one can tell alone."""
    found = judged(published(campaign))
    for beginning, claim in found.items():
        assert claim.claim.startswith(beginning)
    assert {beginning: found[beginning].verdict for beginning in verdicts} == verdicts
    assert not any("nan" in claim.ours.lower() or "None" in claim.ours for claim in found.values())


def test_no_transition_is_no_reproduction():
    """Where no setting has a transition, none is claimed, and its point is unknown."""
    metrics = {name: None if "/m" in name else value for name, value in published("paper").items()}
    found = judged(metrics)
    assert found[EXISTS].verdict == NO
    assert found[POINT].verdict == UNKNOWN


def test_one_predictor_that_is_right_is_enough_at_the_level_of_all_tests():
    """Three tests share the level by Bonferroni's rule."""
    metrics = published("refute")
    name = "predictor/exact_losses/p_value"
    assert judged(metrics | {name: 0.016})[THEORY].verdict == NO
    assert judged(metrics | {name: 0.017})[THEORY].verdict == YES


def test_a_regression_must_beat_the_constant():
    """An error as small as the paper's is worth something only where a constant has a larger one."""
    metrics = published("refute")
    fitted, constant = (f"predictor/{name}/squared_error_holdout" for name in ("fitted", "constant"))
    assert judged(metrics | {fitted: 1e-4, constant: 1e-3})[REGRESSION].verdict == YES
    assert judged(metrics | {fitted: 1e-4, constant: 1.05e-4})[REGRESSION].verdict == CAVEAT
    assert judged(metrics | {fitted: 3e-4, constant: 1e-3})[REGRESSION].verdict == NO


def test_models_without_components_are_spoken_of_by_no_claim():
    """The paper speaks of numbers of components: where no model has any, no claim is judged."""
    claims = campaign_claims(published("paper"), [])
    assert {claim.verdict for claim in claims} == {UNKNOWN}
    assert len(claims) == len(judged(published("paper")))


def test_several_models_on_a_setting_are_counted_by_themselves():
    """What is counted is called by its name."""
    metrics = dict(published("paper"))
    own = [name for name in metrics if "/mixture/" in name]
    metrics |= {name.replace("/mixture/", "/second/"): metrics[name] for name in own}
    found = judged(metrics)
    assert "in 128 of 128 settings and models" in found[EXISTS].ours
    assert "in 64 of 64 settings" in judged(published("paper"))[EXISTS].ours
    assert found[EXISTS].verdict == YES


def test_means_are_those_of_the_cases_that_the_paper_speaks_of():
    """A model without components does not move the mean by which a claim is judged."""
    metrics = dict(published("refute"))
    cases = [name.removesuffix("/m50_pooled") for name in metrics if name.endswith("/m50_pooled")]
    before = campaign_claims(metrics, cases)
    metrics |= {f"other/mlp/{name}": value for name in ("m50_pooled", "m50_seed_stddev") for value in [3.0]}
    metrics |= {"campaign/m50_mean": 2.0, "campaign/m50_stddev": 1.0, "campaign/seed_variance": 1.0}
    assert campaign_claims(metrics, cases) == before
