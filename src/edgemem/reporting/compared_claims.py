"""Claims about models compared with each other on the same data: their starts, weightings, and what they copy."""

from edgemem.analysis.copied_samples import BOUND, PROTOTYPES_FIRST, SOURCES, SPARSE_FIRST
from edgemem.layout import CLAIMED
from edgemem.reporting import bounds, compared_judges
from edgemem.reporting.compared_judges import OTHERS, SAMPLES
from edgemem.reporting.rules import Claim, Rule, above, everywhere


*_, STARTS, WEIGHTS, COPIES = CLAIMED

SHARED = f"{len(OTHERS)} such tests share the level"
NEAR = Rule(
    "M₅₀ / N minus that of the first model, data set by data set",
    f"in every setting it is shown to be in ±{bounds.NEAR:g} N",
    "in one it is shown to be outside (Holm)",
)

COMPARED = (
    Claim(
        "Best known minimum",
        "Of all starts the models with the least training loss have their transition at four fifths of N",
        "speaks of minima, trains from one start",
        compared_judges.best_known_minimum,
        everywhere(
            "M₅₀ / N of the models that have the least training loss at their size",
            bounds.POINT - bounds.NEAR,
            bounds.POINT + bounds.NEAR,
            " N",
        ),
        (STARTS,),
    ),
    Claim(
        "Variance at the start",
        "From the training samples the transition does not depend on the variance at the start",
        "not tested",
        compared_judges.no_start_moves_it(SAMPLES, others=True),
        NEAR,
        (STARTS,),
    ),
    *(
        Claim(
            f"Start: {start}",
            f"From {where}, too, models of N components reproduce samples",
            "not tested",
            compared_judges.reproduces(start),
            Rule(
                f"memorization ratio at M = N; {SHARED}",
                f"in every setting it is shown to be above {bounds.MOST:g}",
                f"in one it is shown to be below {bounds.MOST:g} (Holm)",
            ),
            (STARTS,),
        )
        for start, where in OTHERS.items()
    ),
    Claim(
        "Start: kmeans, place",
        f"From {OTHERS['kmeans']} the transition is where it is from the samples themselves",
        "not tested",
        compared_judges.no_start_moves_it("kmeans"),
        NEAR,
        (STARTS,),
    ),
    Claim(
        "More training",
        "Four times as many steps, rates five times higher, or noise of quarters of the samples lead a start that "
        "knows no sample to the memorizing minimum at M = N",
        "not tested",
        compared_judges.training_reaches_it,
        Rule(
            "memorization ratio at M = N of each training from fresh samples, true means or random means",
            f"that of one is shown to be above {bounds.REACHED:g} (Holm)",
            f"that of each is shown to be below {bounds.REACHED:g}",
        ),
        (STARTS,),
    ),
    Claim(
        "No hysteresis",
        "Models that go on from the next smaller and from the next larger one copy as much",
        "not tested",
        compared_judges.no_hysteresis,
        Rule(
            "memorization ratio of a sweep up in M minus that of a sweep down, mean over sizes up to N",
            f"in every setting it is shown to be in ±{bounds.FORMULA:g}",
            "in one it is shown to be outside (Holm)",
        ),
        (STARTS,),
    ),
    Claim(
        "Learned weights",
        "With weights of components that are learned, larger models copy no less",
        "not tested",
        compared_judges.monotone_with_learned_weights,
        Rule(
            "largest fall of the memorization ratio from a size to a larger one, up to four times N",
            f"that of every model with learned weights is shown to be below {bounds.FORMULA:g}",
            "that of one is shown to be above (Holm)",
        ),
        (STARTS,),
    ),
    Claim(
        "Weighting of times",
        "The transition does not depend on how training weights the times",
        "not tested",
        compared_judges.no_weighting_moves_it,
        NEAR,
        (WEIGHTS,),
    ),
    *(
        Claim(
            first[0].upper() + first[1:],
            f"Of the training samples those {where} are copied first",
            f"not tested; {SOURCES[first]}",
            compared_judges.correlation_is(low, high),
            Rule(
                "rank correlation of the copies of a training sample with the density there, at the size nearest to "
                "M₅₀; two such tests share the level",
                f"in every setting it is shown to be {side} {bound:g}",
                "in one it is shown not to be (Holm)",
            ),
            (COPIES,),
        )
        for first, where, low, high, side, bound in (
            (SPARSE_FIRST, "in sparse regions", float("-inf"), -BOUND, "below", -BOUND),
            (PROTOTYPES_FIRST, "in dense regions", BOUND, float("inf"), "above", BOUND),
        )
    ),
    Claim(
        "Duplicates",
        "A training sample that occurs several times is copied more often than one that occurs once",
        "not tested",
        compared_judges.duplicates_are_copied_more,
        above("copies of a sample that occurs several times over those of one that occurs once, at M₅₀", "1"),
        (COPIES,),
    ),
)
