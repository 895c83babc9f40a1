"""Claims that go beyond the paper: what it leaves open, and what one might read into it."""

from edgemem.layout import CLAIMED
from edgemem.reporting import bounds, loss_claims, prediction_claims, transition_claims
from edgemem.reporting.prediction_claims import CROSSINGS, OWN_CROSSINGS
from edgemem.reporting.rules import Claim, Rule, above, below, everywhere, inside, within_noise


SWEEP, SEEDS, FIGURES, REFUTE, IMAGES, STARTS, WEIGHTS, _ = CLAIMED

FURTHER = (
    *(
        Claim(
            f"Equal weights, {losses}",
            f"The transition is where the two losses cross, all times weighted equally; {losses}",
            "not tested: σ*² = 1 throughout",
            prediction_claims.crossing(predictor, len(CROSSINGS)),
            inside(
                f"slope of measured on predicted M₅₀ / N, and bias; at least {bounds.MIN_HELD_OUT} settings, three "
                "such tests share the level",
                f"{1 - bounds.SLOPE:g}",
                f"{1 + bounds.SLOPE:g}",
                f", and in ±{bounds.NEAR:g} N",
            ),
            (REFUTE, SWEEP),
        )
        for predictor, losses in CROSSINGS.items()
    ),
    *(
        Claim(
            f"Weights of training, {losses}",
            f"The transition is where the two losses cross, times weighted as training weighted them; {losses}",
            "not tested: the weights are fitted",
            prediction_claims.crossing(predictor, len(OWN_CROSSINGS)),
            inside(
                f"slope of measured on predicted M₅₀ / N, and bias; at least {bounds.MIN_HELD_OUT} settings, two such "
                "tests share the level",
                f"{1 - bounds.SLOPE:g}",
                f"{1 + bounds.SLOPE:g}",
                f", and in ±{bounds.NEAR:g} N",
            ),
            (REFUTE, WEIGHTS),
        )
        for predictor, losses in OWN_CROSSINGS.items()
    ),
    Claim(
        "Nothing fitted",
        "The transition can be predicted without any fit to measured transitions",
        "not tested",
        prediction_claims.nothing_fitted,
        Rule(
            f"mean squared error of each predictor that fits nothing (at least {bounds.MIN_HELD_OUT} settings)",
            f"that of one is shown to be below {bounds.UNFITTED_ERROR:.1e} (Holm)",
            f"that of each is shown to be above {bounds.UNFITTED_ERROR:.1e}",
        ),
        (REFUTE, WEIGHTS, STARTS),
    ),
    Claim(
        "Within one variance",
        "Among settings of one variance the transition follows the crossing of the exact losses, all times weighted "
        "equally",
        "not tested",
        prediction_claims.follows_within_variance,
        inside(
            f"slope of measured on predicted M₅₀ / N within one σ*²; at least {bounds.MIN_HELD_OUT} settings",
            f"{1 - bounds.SLOPE:g}",
            f"{1 + bounds.SLOPE:g}",
        ),
        (REFUTE, SWEEP),
    ),
    Claim(
        "Better than a constant",
        "The regression predicts the transition point of settings held out better than a constant",
        "not tested",
        prediction_claims.better_than_constant,
        above(
            f"share of a constant’s squared error that the regression does not have (at least {bounds.MIN_HELD_OUT} "
            "settings held out)",
            f"{bounds.GAIN:g}",
        ),
        (SWEEP, REFUTE),
    ),
    *(
        Claim(
            name,
            f"The regression’s weights, fitted to other variances, predict a variance {where} within the noise",
            "not tested",
            prediction_claims.within_noise("fitted", fold),
            within_noise("the paper’s regression"),
            (REFUTE,),
        )
        for name, fold, where in (
            ("Interpolation", "interpolation", "between them"),
            ("Extrapolation", "extrapolation", "beyond them"),
        )
    ),
    Claim(
        "Better than a curve",
        "On a variance left out the regression predicts better than a line and than a parabola in log σ*², which know "
        "no theory",
        "not tested",
        prediction_claims.better_than_curves,
        Rule(
            f"share of each curve’s squared error that the regression does not have (at least {bounds.MIN_HELD_OUT} "
            "settings left out)",
            f"both are shown to be above {bounds.GAIN:g}",
            f"one is shown to be below {bounds.GAIN:g} (Holm)",
        ),
        (REFUTE,),
    ),
    Claim(
        "C = 2",
        "The constant C of theorem 3.2 is 2 for every M/N, as figures draw it",
        "C = 2",
        loss_claims.constant_is_as_drawn,
        everywhere(
            "C at each reported M/N below 1",
            bounds.CONSTANTS[1] * (1 - bounds.DRAWN),
            bounds.CONSTANTS[1] * (1 + bounds.DRAWN),
        ),
        (FIGURES, REFUTE),
    ),
    Claim(
        "Finite-size C",
        "The constant is C(M) of the finite-size formula",
        "no formula",
        loss_claims.finite_size_formula,
        everywhere("C over the formula’s at each reported M/N below 1", 1 - bounds.FORMULA, 1 + bounds.FORMULA),
        (FIGURES, REFUTE),
    ),
    Claim(
        "Data sets or settings",
        "Transition points differ more between data sets of one setting than between settings",
        "not tested",
        transition_claims.data_sets_outweigh_settings,
        above(
            "data sets’ share of the variance of M₅₀ / N between data sets and between settings, counting removed",
            f"{bounds.MOST:g}",
        ),
        (SWEEP, SEEDS, REFUTE),
    ),
    Claim(
        "Place, images",
        "With images, too, the transition is at four fifths of N",
        "figure 5",
        transition_claims.images_have_the_transition_there,
        everywhere("M₅₀ / N, ratio corrected for chance", bounds.POINT - bounds.NEAR, bounds.POINT + bounds.NEAR, " N"),
        (IMAGES,),
    ),
    Claim(
        "Width, images",
        "With images the transition is about as narrow as with points",
        "figure 2: 0.10 at 0.72 to 0.92 at 0.92",
        transition_claims.images_are_as_sharp,
        below("(M₉₀ − M₁₀) / N, ratio corrected for chance", f"{bounds.WIDTH:g}"),
        (IMAGES,),
    ),
)
