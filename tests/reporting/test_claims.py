"""Every claim can be supported, contradicted and neither, by the numbers of a campaign and by nothing else."""

import numpy as np
import pytest

from edgemem.numerics.evidence import CANNOT_TELL, CONTRADICTED, SUPPORTED
from edgemem.reporting.campaign_cases import variance_of
from edgemem.reporting.claims import campaign_claims
from edgemem.reporting.figure_values import CASE
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.loss_claims import THEOREM
from edgemem.reporting.numbers import p_value
from edgemem.reporting.paper_claims import PAPER
from edgemem.reporting.prediction_claims import UNFITTED
from edgemem.reporting.verdicts import MISSING, Judgement

from .synthetic import FRACTIONS, GROUP, IMAGES, MIXTURES, SEEDS, Table, campaign, estimated, every, fraction, measured


CLAIMS = {claim.name: claim for claim in PAPER + FURTHER}
OF_IMAGES = ("Images", "Place, images", "Width, images")
HALVES = [0.6 if i % 2 else 1.0 for i in range(len(MIXTURES))]


def judge(name: str, metrics: Table, cases: list[str] | None = None) -> Judgement:
    """Judge a claim by the metrics of mixtures, or of images."""
    return CLAIMS[name].judge(metrics, cases or ([IMAGES] if name in OF_IMAGES else MIXTURES))


def counted(complete: float, total: float, cases: list[str] = MIXTURES) -> Table:
    found: Table = {}
    for case in cases:
        found |= {f"{case}/transitions": complete, f"{case}/data_sets": total}
    return found


def constants(value: float, half: float, jitter: float = 0.0) -> Table:
    """C of all settings, every second one larger and every other one smaller by some."""
    found: Table = {}
    for i, case in enumerate(MIXTURES):
        for at in FRACTIONS:
            found |= measured(f"{case}/constant_at_{at:g}", value + jitter * (-1) ** i, half)
    return found


def predictor(name: str, quantity: str, value: float, stderr: float) -> Table:
    return estimated(f"predictor/{name}/{quantity}", value, stderr)


def places(values: list[float], half: float = 0.005) -> Table:
    return {
        k: v
        for case, value in zip(MIXTURES, values, strict=True)
        for k, v in measured(f"{case}/m50_pooled", value, half).items()
    }


def error(value: float, count: float = 16) -> Table:
    own = "predictor/fitted"
    return {f"{own}/squared_error_holdout": value, f"{own}/count_holdout": count}


def whole_error(predictor: str, value: float) -> Table:
    return {f"predictor/{predictor}/squared_error_{fold}": value for fold in ("train", "holdout")}


def settings(predictor: str) -> Table:
    return {f"predictor/{predictor}/count_{fold}": 3.0 for fold in ("train", "holdout")}


def gains(value: float, stderr: float) -> Table:
    return predictor("fitted", "gain_leave_one_variance_out", value, stderr)


# By claim: numbers that support it beside those of `campaign`, that contradict it, and that cannot tell.
TABLE: dict[str, tuple[list[Table], list[Table], list[Table]]] = {
    "Transition": (
        [{}, counted(8, 10)],
        [counted(0, 10), counted(3, 10)],
        [counted(5, 10), {f"{MIXTURES[0]}/transitions": None}],
    ),
    "Four fifths": (
        [{}, {f"{GROUP}/between_settings_high": 3e-4}],
        [
            places(HALVES),
            places(HALVES, 1.0) | fraction("between_settings", 0.04, 0.02, 0.15),
            places([0.75] * len(MIXTURES)),
            places([0.8] * (len(MIXTURES) - 1) + [0.9]),
        ],
        [
            places(HALVES, 1.0),
            every("m50_pooled", 0.8, 1.0) | {f"{GROUP}/between_settings_high": 1e-3},
            places([0.81 + 0.02 * (i % 2) for i in range(len(MIXTURES))], 0.05),
            {f"{CASE}/m50_pooled": None},
        ],
    ),
    "Regression": ([{}, error(7e-5)], [error(1e-3)], [error(1.9e-4), error(3e-4), error(3e-5, 7), error(1e-3, 1)]),
    "Some weights": (
        [{}],
        [predictor("exact_fitted", "floor_leave_one_variance_out", 1e-4, 2e-5)],
        [
            predictor("exact_fitted", "floor_leave_one_variance_out", 1e-5, 2e-5),
            {"predictor/exact_fitted/count_leave_one_variance_out": 7.0},
        ],
    ),
    "Generalizing loss": (
        [{}, every(THEOREM, 1.01, 0.005)],
        [every(THEOREM, 1.1, 0.01), measured(f"{CASE}/{THEOREM}", 1.1)],
        [every(THEOREM, 1.02, 0.01), measured(f"{CASE}/{THEOREM}", 1.1, 0.2)],
    ),
    "Partially memorizing loss": (
        [{}, constants(1.1, 0.05)],
        [constants(10, 0.1), constants(0.1, 0.01), constants(2.2, 0.05)],
        [constants(2.04, 0.5, 0.1)],
    ),
    "Learned variance": (
        [{}],
        [
            every("learned_variance_at_1", 0.5, 0.01),
            every("learned_variance_at_0.7", 0.5, 0.01),
            every("learned_variance_at_0.7", 0.1, 0.01),
        ],
        [every("learned_variance_at_1", 0.02, 0.02), every("learned_variance_at_0.7", 0.3, 0.2)],
    ),
    "Seeds": (
        [{}, fraction("between_settings", 1.0, 0.5, 2.0)],
        [fraction("between_data_sets", 3e-2, 2.4e-2, 3.3e-2)],
        [fraction("between_data_sets", 3e-4, 2e-4, 6e-4), {f"{GROUP}/between_data_sets_low": None}],
    ),
    "Training loss": (
        [{}],
        [measured(f"{CASE}/trained_loss_at_0.5", 9.0)],
        [measured(f"{CASE}/trained_loss_at_0.5", 5.5, 0.5), {"campaign/seeds": 1.0}],
    ),
    "Images": (
        [{}],
        [counted(0, 10, [IMAGES]), counted(0, 5, [IMAGES])],
        [counted(5, 10, [IMAGES]), counted(4, 4, [IMAGES]), counted(0, 4, [IMAGES])],
    ),
    **{
        f"Equal weights, {losses}": (
            [{}, predictor(own, "slope", 0.95, 0.02)],
            [predictor(own, "slope", 0.39, 0.06), predictor(own, "bias", -0.03, 0.001)],
            [predictor(own, "slope", 0.8, 0.1), {f"predictor/{own}/slope": None}, settings(own)],
        )
        for own, losses in (("c2", "C = 2"), ("finite_size", "finite-size C"), ("exact_losses", "the exact losses"))
    },
    **{
        f"Weights of training, {losses}": (
            [{}, predictor(own, "slope", 0.95, 0.02)],
            [predictor(own, "slope", 0.39, 0.06), predictor(own, "bias", -0.2, 0.001)],
            [predictor(own, "slope", 0.8, 0.1), {f"predictor/{own}/slope": None}, settings(own)],
        )
        for own, losses in (("own_c2", "C = 2"), ("own_exact", "the exact losses"))
    },
    "Nothing fitted": (
        [{}, whole_error("ward", 1e-5), whole_error("likelihood", 4e-5)],
        [whole_error("likelihood", 1e-3), whole_error("likelihood", 2e-4)],
        [
            whole_error("likelihood", 8e-5),
            whole_error("likelihood", 6e-5),  # which one predictor alone would be shown to be below
            whole_error("likelihood", 1.2e-4),
            {name: value for each in UNFITTED for name, value in settings(each).items()},
        ],
    ),
    "Within one variance": (
        [{}],
        [predictor("exact_losses", "within_slope", 0.045, 0.048)],
        [predictor("exact_losses", "within_slope", 0.5, 0.5), settings("exact_losses")],
    ),
    "Better than a constant": (
        [{}, predictor("fitted", "gain_holdout", 1e-3, 1e-4)],  # an error of zero
        [predictor("fitted", "gain_holdout", 1e-5, 1e-5), predictor("fitted", "gain_holdout", -1e-3, 1e-4)],  # of 99 %
        [predictor("fitted", "gain_holdout", 5e-4, 5e-4), error(3e-5, 7)],
    ),
    **{
        name: (
            [{}],
            [predictor("fitted", f"floor_{name.lower()}", 5.3e-5, 1e-5)],
            [
                predictor("fitted", f"floor_{name.lower()}", 5.3e-5, 5e-5),
                {f"predictor/fitted/count_{name.lower()}": 2.0},
            ],
        )
        for name in ("Interpolation", "Extrapolation")
    },
    "Better than a curve": (
        [{}],
        [gains(-1e-3, 1e-4), gains(9.7e-4, 1e-6) | predictor("parabola", "gain_leave_one_variance_out", 9e-4, 1e-6)],
        [gains(9.7e-4, 1e-3), {"predictor/line/gain_leave_one_variance_out": None}],
    ),
    "C = 2": ([constants(2.0, 0.02)], [constants(1.5, 0.05)], [constants(1.8, 0.5, 0.1)]),
    "Finite-size C": ([{}], [constants(1.5, 0.05)], [constants(1.99, 0.3, 0.08)]),
    "Data sets or settings": (
        [{}],
        [fraction("share_of_data_sets", 0.1, 0.05, 0.3)],
        [fraction("share_of_data_sets", 1.0, 0.4, 1.0), {"campaign/seeds": 1.0}],
    ),
    "Place, images": (
        [{}],
        [every("corrected_m50_pooled", 0.88, 0.01, [IMAGES])],
        [measured(f"{IMAGES}/corrected_m50_pooled", 0.827, 0.367), {f"{IMAGES}/corrected_m50_pooled": None}],
    ),
    "Width, images": (
        [{}],
        [every("corrected_width", 0.4, 0.05, [IMAGES])],
        [every("corrected_width", 0.3, 0.2, [IMAGES])],
    ),
}  # fmt: skip
CASES = [
    (name, verdict, change)
    for name, columns in TABLE.items()
    for verdict, changes in zip((SUPPORTED, CONTRADICTED, CANNOT_TELL), columns, strict=True)
    for change in changes
]


def test_every_claim_has_all_three_verdicts():
    """The table below has each claim, and each has numbers for each verdict."""
    assert set(TABLE) == set(CLAIMS)
    assert all(all(columns) for columns in TABLE.values())


@pytest.mark.parametrize(("name", "verdict", "change"), CASES)
def test_verdicts_follow_the_numbers(name: str, verdict: str, change: Table):
    """One changed number changes the verdict; whatever is unknown, no text says nan or None."""
    found = judge(name, campaign() | change)
    assert found.verdict == verdict, found.ours
    readable(found.ours)


def readable(text: str) -> None:
    """Fail where a text has what no reader understands."""
    assert text
    assert not any(word in text for word in ("nan", "None", "inf]", "[-inf"))


class Watched(dict[str, float | None]):
    """Metrics that remember which of them were asked for."""

    def __init__(self, values: Table):
        super().__init__(values)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> float | None:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: float | None = None) -> float | None:  # type: ignore[override]
        self.read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)


@pytest.mark.parametrize("name", CLAIMS)
def test_what_is_missing_cannot_be_told(name: str):
    """Whichever numbers a campaign lacks or does not know, nothing is raised, and nothing more is shown."""
    whole = Watched(campaign())
    verdict = judge(name, whole).verdict
    # What one case lacks stands for what another does.
    for key in sorted(key for key in whole.read & set(whole) if not key.startswith(tuple(MIXTURES[1:]))):
        for change in ({k: v for k, v in whole.items() if k != key}, dict(whole) | {key: None}):
            found = judge(name, change)
            readable(found.ours)
            assert found.verdict in (verdict, CANNOT_TELL), key
    assert judge(name, {}).verdict == CANNOT_TELL


def test_numbers_of_older_campaigns():
    """A campaign that was collected without some numbers says so."""
    metrics = {name: value for name, value in campaign().items() if "count_" not in name and "transitions" not in name}
    for name in ("Transition", "Regression", "Equal weights, C = 2", "Interpolation"):
        assert judge(name, metrics) == Judgement(MISSING, CANNOT_TELL)


# Counts and squared errors have no interval of their own among the metrics: their number of settings gives it.
COUNTED = ("Transition", "Images", "Regression", "Nothing fitted")
WIDENED = [name for name in CLAIMS if name not in COUNTED]


@pytest.mark.parametrize("name", WIDENED)
def test_wider_intervals_tell_less(name: str):
    """Where every interval is thousands of times wider nothing is shown."""
    metrics = campaign()
    if name == "C = 2":
        metrics |= constants(2.0, 0.02)
    assert judge(name, metrics).verdict == SUPPORTED
    wide = dict(metrics)
    for key, value in metrics.items():
        for end in ("_low", "_high"):
            if key.endswith(end) and value is not None:
                middle = metrics[key.removesuffix(end)]
                wide[key] = middle + 10_000 * (value - middle) if middle is not None else None
        if key.endswith(("_stderr", "_seed_stddev")) and value is not None:
            wide[key] = 10_000 * value
    for i, case in enumerate(MIXTURES):  # what varies between settings is what their mean is uncertain by
        for quantity in ("m50_pooled", "generalizing_loss_over_theory", *(f"constant_at_{f:g}" for f in FRACTIONS)):
            wide[f"{case}/{quantity}"] = (wide[f"{case}/{quantity}"] or 0) * (1 + 0.5 * (i % 3 - 1))
    assert judge(name, wide).verdict == CANNOT_TELL


def test_a_place_of_two_settings_cannot_be_told():
    """0.827 [0.460, 1.194] is no four fifths, and no other place either."""
    metrics = campaign() | places([0.798, 0.856] + [0.8] * (len(MIXTURES) - 2), 0.4)
    found = judge("Four fifths", metrics | {f"{GROUP}/between_settings_low": None}, MIXTURES[:2])
    assert "0.8270 [0.4585, 1.1955] N" in found.ours
    assert found.verdict == CANNOT_TELL


def test_models_left_out_are_no_evidence_against_a_transition():
    """Where models have not converged, a transition that is not seen may be there."""
    unseen = {f"{MIXTURES[0]}/transitions": 0.0, f"{MIXTURES[0]}/data_sets": 9.0}
    for out, verdict in ((0.0, CONTRADICTED), (5.0, CANNOT_TELL)):
        changed = campaign() | unseen | {f"{MIXTURES[0]}/models_left_out": out}
        judged = CLAIMS["Transition"].judge(changed, MIXTURES[:1])
        assert judged.verdict == verdict
        assert ("of 9 more nothing is known" in judged.ours) == bool(out)


def test_one_setting_is_not_every_setting():
    """However well one setting is known, it supports nothing about all of them; it can contradict."""
    assert judge("Four fifths", campaign(), [CASE]).verdict == CANNOT_TELL
    elsewhere = campaign() | measured(f"{CASE}/m50_pooled", 0.9, 0.005)
    assert judge("Four fifths", elsewhere, [CASE]).verdict == CONTRADICTED


def test_one_data_set_tells_nothing_about_data_sets():
    """With one seed the mean over many settings is known, and no spread between data sets."""
    metrics = campaign() | {"campaign/seeds": 1.0}
    metrics = {name: value for name, value in metrics.items() if not name.startswith("components/")}
    metrics |= {f"{case}/m50_pooled{end}": None for case in MIXTURES for end in ("_low", "_high")}
    assert judge("Four fifths", metrics).verdict == SUPPORTED
    for name in ("Seeds", "Data sets or settings"):
        assert judge(name, metrics).verdict == CANNOT_TELL


def test_seeds_are_judged_without_regard_to_settings():
    """More spread between settings does not make seeds matter less."""
    far = fraction("between_data_sets", 3e-2, 2.4e-2, 3.3e-2) | fraction("between_settings", 100.0, 50.0, 200.0)
    assert judge("Seeds", campaign() | far).verdict == CONTRADICTED


def test_both_definitions_of_the_place_are_named():
    """The fitted crossing, and the paper's first size with half of 50 points, with its interval where there is one."""
    first = {"campaign/m50_first_50": 0.8052, "campaign/m50_first_50_low": 0.8014, "campaign/m50_first_50_high": 0.809}
    text = judge("Four fifths", campaign() | first).ours
    assert "where the fitted ratio crosses one half" in text
    assert "0.8052 [0.8014, 0.8090] N by the paper’s own rule" in text
    older = judge("Four fifths", campaign() | {"campaign/binomial_mean_first_50": 0.81}).ours
    assert "0.8100 N, of unknown uncertainty" in older


def test_every_judgement_says_of_how_many():
    """Settings, data sets or settings left out stand beside the numbers."""
    for name in CLAIMS:
        assert any(word in judge(name, campaign()).ours for word in ("setting", "data set")), name


def test_claims_of_a_report():
    """A report has all claims, those of the paper apart; models without components are spoken of by none."""
    assert [found.name for found in campaign_claims(campaign(), MIXTURES)] == [claim.name for claim in PAPER]
    assert [found.name for found in campaign_claims(campaign(), MIXTURES, FURTHER)] == [c.name for c in FURTHER]
    nothing = campaign_claims(campaign(), []) + campaign_claims(campaign(), [], FURTHER)
    assert {found.verdict for found in nothing} == {CANNOT_TELL}


def test_equal_weights_are_no_claim_of_the_paper():
    """The paper says that some weights exist, not that all are equal."""
    assert "Some weights" in {claim.name for claim in PAPER}
    assert {name for name in CLAIMS if name.startswith("Equal weights")} <= {claim.name for claim in FURTHER}


def test_other_cases_change_nothing():
    """Numbers of models that a claim does not speak of do not move it."""
    others = every("m50_pooled", 3.0, 0.01, ["other/mlp"]) | {"campaign/m50_mean": 2.0, "campaign/m50_stddev": 1.0}
    assert judge("Four fifths", campaign() | others) == judge("Four fifths", campaign())


@pytest.mark.parametrize(
    ("case", "variance"),
    [("gaussian_N50_d30_K3/m", 1), ("gaussian_N50_d30_K3_var0.25/m", 0.25), ("gaussian_N50_d30_K3_var4_sep0.5/m", 4)],
)
def test_variances_are_those_of_the_settings(case: str, variance: float):
    assert variance_of(case) == variance


def test_learned_variances_are_judged_in_units_of_the_true_one():
    """A variance of 4 that is learned as 4 times that of a mixture of variance 1 is as straight."""
    case = "gaussian_N50_d30_K3_var4/mixture"
    metrics = {"campaign/seeds": float(SEEDS)} | measured(f"{case}/generalizing_loss_over_theory", 1.0)
    for at in (*FRACTIONS, 1.0):
        metrics |= measured(f"{case}/learned_variance_at_{at:g}", 4 * (1 - at), 0.04)
    assert judge("Learned variance", metrics, [case]).verdict == SUPPORTED
    bent = measured(f"{case}/learned_variance_at_0.7", 4 * 0.2, 0.04)
    assert judge("Learned variance", metrics | bent, [case]).verdict == CONTRADICTED


def test_p_values_are_bounded():
    """Below a millionth the tails of no test mean anything."""
    assert (p_value(6e-70), p_value(0.017), p_value(None)) == ("< 1e-6", "1.7e-02", "–")


def test_false_verdicts_of_simulated_errors_are_rare():
    """Of errors whose mean square is the bound itself one in twenty says that it is below, and one that above."""
    rng = np.random.default_rng(0)
    squares = 2e-4 * rng.standard_normal((1000, 8)) ** 2
    metrics = campaign()
    found = [judge("Regression", metrics | error(float(row.mean()), 8)).verdict for row in squares]
    assert found.count(SUPPORTED) / len(found) < 0.06
    assert found.count(CONTRADICTED) / len(found) < 0.06
