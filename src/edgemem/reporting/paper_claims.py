"""The claims of the paper."""

from edgemem.analysis import published
from edgemem.layout import CLAIMED
from edgemem.reporting import bounds, loss_claims, prediction_claims, transition_claims
from edgemem.reporting.rules import Claim, Rule, above, below, everywhere, within_noise


COMPLETE = (
    f"share of data sets (at least {bounds.MIN_DATA_SETS}) whose ratio, corrected for chance, is below 0.1 at N/2 and "
    "reaches 0.9; Wilson’s interval; a data set where models left out may hide it is not counted"
)
DEFINITIONS = "M₅₀ / N where the fitted ratio crosses one half; beside it the paper’s first size with half of 50 points"

SWEEP, SEEDS, FIGURES, REFUTE, IMAGES, *_ = CLAIMED

PAPER = (
    Claim(
        "Transition",
        "A transition exists in training that starts at the training samples: small models generalize, models of "
        "nearly N components reproduce samples",
        "ratio near 0 at M/N = 0.5, 1.00 at 0.96",
        transition_claims.transition_exists,
        above(COMPLETE, f"{bounds.MOST:g}"),
        (SWEEP, SEEDS, FIGURES, REFUTE),
    ),
    Claim(
        "Four fifths",
        "In training that starts at the training samples the transition is at four fifths of N in every setting",
        f"{bounds.POINT:g} N",
        transition_claims.transition_point,
        everywhere(
            f"{DEFINITIONS}; at least {bounds.MIN_SETTINGS} settings",
            bounds.POINT - bounds.NEAR,
            bounds.POINT + bounds.NEAR,
            " N",
        ),
        (SWEEP, SEEDS, REFUTE),
    ),
    Claim(
        "Regression",
        "A regression on the two losses predicts the transition point with a mean squared error of 2e-4 on settings "
        "held out",
        f"≤ {bounds.REGRESSION:.0e}",
        prediction_claims.regression,
        below(f"mean squared error on settings held out (at least {bounds.MIN_HELD_OUT})", f"{bounds.REGRESSION:.0e}"),
        (SWEEP, SEEDS, REFUTE),
    ),
    Claim(
        "Some weights",
        "For some weights λ of the times the exact losses cross where the transition is: weights fitted to other "
        "variances, used on a variance left out",
        "not tested",
        prediction_claims.within_noise("exact_fitted", "leave_one_variance_out"),
        within_noise("weights fitted to the exact losses"),
        (REFUTE,),
    ),
    Claim(
        "Generalizing loss",
        "The generalizing loss is d σ*² / (1 + ψ σ*²) (theorem 3.1)",
        "agreement in figure 1",
        loss_claims.generalizing_loss,
        everywhere("measured loss over the theorem’s", 1 - bounds.RELATIVE, 1 + bounds.RELATIVE),
        (FIGURES, REFUTE),
    ),
    Claim(
        "Partially memorizing loss",
        "The partially memorizing loss is C (1 − M/N) d σ*² with C between 1 and 2 (theorem 3.2)",
        "1 to 2",
        loss_claims.partially_memorizing_loss,
        everywhere(
            "C at each reported M/N below 1",
            bounds.CONSTANTS[0] * (1 - bounds.RELATIVE),
            bounds.CONSTANTS[1] * (1 + bounds.RELATIVE),
        ),
        (FIGURES, REFUTE),
    ),
    Claim(
        "Learned variance",
        "The learned variance falls linearly to zero",
        "figure 6: 0.884 at M/N = 0.1 to 0 at 1",
        loss_claims.variance_is_linear,
        Rule(
            "the variance at M = N, and its distance at each reported M/N from the line from the first to zero at N",
            f"the former is shown to be below {bounds.NEAR:g} σ*², the latter within {bounds.FORMULA:g} σ*²",
            "either is shown not to be (Holm)",
        ),
        (FIGURES,),
    ),
    Claim(
        "Seeds",
        "Seeds matter little",
        "ratios at M/N = 0.80 of three seeds from {:.2f} to {:.2f} (figure 7)".format(*published.SEED_RATIOS[0.8]),
        transition_claims.seeds_matter_little,
        below("standard deviation of M₅₀ / N between data sets of one setting, counting removed", f"{bounds.NEAR:g}"),
        (SEEDS, FIGURES),
    ),
    Claim(
        "Training loss",
        "The training loss of figure 2: along the generalizing loss, then down to zero",
        "ten values",
        loss_claims.training_losses,
        Rule(
            "difference of each of the paper’s values from what one more data set would give",
            f"each is shown to be within {bounds.FORMULA:g} of the generalizing loss",
            "one is shown to be outside (Holm)",
        ),
        (FIGURES,),
    ),
    Claim(
        "Images",
        "The transition persists where samples are coloured templates of FashionMNIST (section 4.2; N = 100, K = 4)",
        "figure 5",
        transition_claims.images_have_a_transition,
        above(COMPLETE, f"{bounds.MOST:g}"),
        (IMAGES,),
    ),
)
