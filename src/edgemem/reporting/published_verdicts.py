"""How the paper's claims are judged in the documentation, by the collected numbers of five campaigns."""

from typing import NamedTuple

import numpy as np

from edgemem.analysis import published
from edgemem.reporting.figure_values import CASE, comparisons
from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.summary_metrics import identified, known
from edgemem.reporting.verdicts import (
    CAVEAT,
    LEVEL,
    NEAR,
    NO,
    THEORIES,
    YES,
    Judgement,
    complete_transitions,
)


# The setting and the model of the paper's images.
IMAGES = "image_fashion-mnist_N100_K4/templates"


class Campaigns(NamedTuple):
    """The summary metrics of the five campaigns, in the order in which the command takes them."""

    paper: Metrics
    seeds: Metrics
    figures: Metrics
    refute: Metrics
    images: Metrics


def transition_exists(campaigns: Campaigns) -> Judgement:
    """Judge by the ratios of the setting of the figures, and by all settings of the sweep."""
    paper, figures = campaigns.paper, campaigns.figures
    low, high = (f"{CASE}/memorization_ratio_at_{fraction}" for fraction in (0.5, 0.96))
    cases = [name.removesuffix("/m50_pooled") for name in paper if name.endswith("/m50_pooled")]
    complete = complete_transitions(paper, cases)
    sharp = known(figures, f"{low}_high") < 0.1 and known(figures, f"{high}_low") > 0.9
    return Judgement(
        f"{interval(figures, low, '.4f')} at 0.5, {interval(figures, high, '.3f')} at 0.96; from a ratio of 0.1 to 0.9 "
        f"in {complete} of {len(cases)} settings",
        YES if sharp and complete == len(cases) else NO,
    )


def transition_point(campaigns: Campaigns) -> Judgement:
    """Judge by the mean over the sweep."""
    paper = campaigns.paper
    low, high = known(paper, "campaign/m50_mean_low"), known(paper, "campaign/m50_mean_high")
    same = low <= published.TRANSITION <= high
    near = abs(known(paper, "campaign/m50_mean") - published.TRANSITION) < NEAR
    return Judgement(
        f"{interval(paper, 'campaign/m50_mean', '.4f')} N, mean over {known(paper, 'campaign/settings'):.0f} settings, "
        f"which differ by a standard deviation of {known(paper, 'campaign/m50_stddev'):.4f}",
        YES if same else CAVEAT if near else NO,
    )


def regression(campaigns: Campaigns) -> Judgement:
    """Judge by the errors of the regression and of a constant on the settings of the sweep that are held out."""
    paper = campaigns.paper
    fitted, constant = (known(paper, f"predictor/{name}/squared_error_holdout") for name in ("fitted", "constant"))
    count, _ = identified(paper)
    reached = fitted <= published.REGRESSION_ERROR
    return Judgement(
        f"{fitted:.1e}; a constant has {constant:.1e}, and counting as the paper does varies by "
        f"{number(paper[f'campaign/binomial_variance_first_{published.RATIO_POINTS}'], '.1e')}. Of 26 weights the "
        f"settings tell {count}",
        (CAVEAT if fitted > 0.9 * constant else YES) if reached else NO,
    )


def generalizing_loss(campaigns: Campaigns) -> Judgement:
    """Judge by the measured loss over the theorem's, in the setting of the figures."""
    name = f"{CASE}/generalizing_loss_over_theory"
    ratio = known(campaigns.figures, name)
    return Judgement(
        f"measured / theory {interval(campaigns.figures, name, '.4f')}, mean over the times with 1.5 ≤ ψ ≤ 10⁶",
        YES if abs(ratio - 1) < NEAR else NO,
    )


def partially_memorizing_loss(campaigns: Campaigns) -> Judgement:
    """Give the constant C of the theorem in the setting of the figures: it is never 2 throughout."""
    figures = campaigns.figures
    fractions = [f for f in published.PARTIALLY_MEMORIZING_LOSS if f"{CASE}/constant_at_{f:g}" in figures]
    measured = {f: interval(figures, f"{CASE}/constant_at_{f:g}", ".2f") for f in fractions}
    finite = {f: known(figures, f"{CASE}/finite_size_constant_at_{f:g}") for f in fractions}
    off = max(abs(known(figures, f"{CASE}/constant_at_{f:g}") / finite[f] - 1) for f in fractions)
    return Judgement(
        "C = "
        + ", ".join(f"{measured[f]} at {f:g}" for f in fractions)
        + f"; the finite-size formula is within {100 * off:.1f} %",
        CAVEAT,
    )


def variance_is_linear(campaigns: Campaigns) -> Judgement:
    """Judge by how straight the learned variance is in M/N."""
    figures = campaigns.figures
    fractions = np.array(list(published.VARIANCE))
    values = np.array([known(figures, f"{CASE}/learned_variance_at_{f:g}") for f in fractions])
    straight = float(np.corrcoef(fractions, values)[0, 1] ** 2)
    deepest = int(np.argmax(np.abs(values - (1 - fractions))))
    return Judgement(
        f"{interval(figures, f'{CASE}/learned_variance_at_0.1', '.3f')} to "
        f"{interval(figures, f'{CASE}/learned_variance_at_1', '.4f')}; R² of a straight line {straight:.4f}, but it "
        f"bends: {values[deepest] - 1 + fractions[deepest]:+.3f} from 1 − M/N at {fractions[deepest]:g}",
        CAVEAT if straight > 0.97 else NO,
    )


def seeds_matter_little(campaigns: Campaigns) -> Judgement:
    """Judge by the variance between seeds over that between the settings of the sweep."""
    paper, seeds = campaigns.paper, campaigns.seeds
    between_seeds = known(seeds, "campaign/seed_variance")
    between_settings = known(paper, "campaign/m50_stddev") ** 2
    return Judgement(
        f"standard deviation of M₅₀ / N between seeds {np.sqrt(between_seeds):.4f}, mean over "
        f"{known(seeds, 'campaign/settings'):.0f} settings; between {known(paper, 'campaign/settings'):.0f} settings "
        f"of one seed each {np.sqrt(between_settings):.4f}, of whose square seeds are "
        f"{100 * between_seeds / between_settings:.0f} %",
        YES if between_seeds < 0.1 * between_settings else CAVEAT,
    )


def training_losses(campaigns: Campaigns) -> Judgement:
    """Judge by how many of the paper's training losses lie in the intervals for one data set."""
    found = [c for c in comparisons(campaigns.figures) if c.what.startswith("training loss")]
    inside = sum(c.inside for c in found)
    largest = max(found, key=lambda c: abs(c.standard_errors))
    return Judgement(
        f"{inside} of {len(found)} inside the interval for one data set; largest difference "
        f"{largest.standard_errors:+.1f} standard errors, at M/N = {largest.fraction:g}",
        YES if inside >= 0.9 * len(found) else NO,
    )


def losses_cross(campaigns: Campaigns) -> Judgement:
    """Judge by tests of the predictors that weight all times equally, where they can fail."""
    refute = campaigns.refute
    tests, right = [], False
    for predictor, name in THEORIES.items():
        p_value = known(refute, f"predictor/{predictor}/p_value")
        slope = interval(refute, f"predictor/{predictor}/slope", ".2f")
        tests.append(f"{name}: slope {slope}, p = {p_value:.0e}")
        right = right or p_value > LEVEL / len(THEORIES)
    return Judgement(f"{'; '.join(tests)} (level {LEVEL:g}, three tests)", YES if right else NO)


def some_weights_predict(campaigns: Campaigns) -> Judgement:
    """Judge by the errors of fitted weights and of a constant on a variance left out."""
    refute = campaigns.refute
    fold = "squared_error_leave_one_variance_out"
    fitted, constant = (known(refute, f"predictor/{name}/{fold}") for name in ("fitted", "constant"))
    count, _ = identified(refute)
    return Judgement(
        f"mean squared error {fitted:.1e}, of a constant {constant:.1e}; slope of measured on predicted, where fitted, "
        f"{interval(refute, 'predictor/fitted/slope', '.2f')}. The settings tell {count} directions of the weights",
        # Never more: with as many directions as variances, the weights are little else than a curve through them.
        NO if fitted > constant else CAVEAT,
    )


def images_have_a_transition(campaigns: Campaigns) -> Judgement:
    """Judge by the ratios of the images at half of the samples and at all of them."""
    images = campaigns.images
    half, whole = (f"{IMAGES}/memorization_ratio_at_{fraction}" for fraction in ("0.5", "1"))
    loss = known(images, f"{IMAGES}/trained_loss_at_0.5") / known(images, f"{IMAGES}/generalizing_loss")
    start, end, exact, chance = (
        number(images.get(f"{IMAGES}/{name}"), ".2f")
        for name in ("m10_pooled", "m90_pooled", "predicted_m50_exact_losses", "null_memorization_ratio")
    )
    sharp = known(images, f"{half}_high") < 0.2 and known(images, f"{whole}_low") > 0.9
    return Judgement(
        f"ratio {interval(images, half, '.3f')} at M/N = 0.5, of which chance is {chance}; there the training loss is "
        f"{loss:.3f} of the generalizing one. Ratio {interval(images, whole, '.3f')} at 1; one half at "
        f"{interval(images, f'{IMAGES}/m50_pooled', '.3f')} N instead of "
        f"{known(campaigns.paper, 'campaign/m50_mean'):.3f} N, 0.1 to 0.9 between "
        f"{start} N and {end} N. The exact losses, all times weighted equally, cross at {exact} N",
        YES if sharp else NO,
    )
