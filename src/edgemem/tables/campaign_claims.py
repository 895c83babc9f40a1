"""The paper's claims, judged by the main numbers of one campaign, whichever it is."""

from collections.abc import Iterable

from edgemem import published
from edgemem.tables.claims import CAVEAT, LEVEL, NO, SEEDS_IN_THE_PAPER, YES, Claim
from edgemem.tables.main_numbers import Metrics, interval, number


UNKNOWN = "cannot tell"
# A theory is taken as met where it is within two hundredths.
NEAR = 0.02


def campaign_claims(metrics: Metrics, settings: Iterable[str]) -> list[Claim]:
    """Return the claims that any campaign says something about.

    **Arguments:** `settings`: names of the campaign's settings.
    """
    names = list(settings)
    return [
        _transition_exists(metrics, names),
        _place(metrics, names),
        _theory_predicts(metrics),
        _regression(metrics),
        _generalizing_loss(metrics, names),
        _partially_memorizing_loss(metrics, names),
        _seeds_matter_little(metrics),
    ]


def _transition_exists(metrics: Metrics, settings: list[str]) -> Claim:
    levels = ("m10", "m50", "m90")
    complete = sum(all(metrics[f"{name}/{level}_pooled"] is not None for level in levels) for name in settings)
    return Claim(
        "A transition exists: small models generalize, models of nearly N components reproduce samples",
        "ratio from near 0 to 1",
        f"from a ratio of 0.1 to 0.9 in {complete} of {len(settings)} settings",
        YES if complete == len(settings) else CAVEAT if complete else NO,
    )


def _place(metrics: Metrics, settings: list[str]) -> Claim:
    ends = [(metrics[f"{name}/m50_pooled_low"], metrics[f"{name}/m50_pooled_high"]) for name in settings]
    known = [(low, high) for low, high in ends if low is not None and high is not None]
    inside = sum(low <= published.TRANSITION <= high for low, high in known)
    mean = metrics["campaign/m50_mean"]
    near = mean is not None and abs(mean - published.TRANSITION) < NEAR
    return Claim(
        "The transition is at four fifths of N in every setting",
        f"{published.TRANSITION:g} N",
        f"{interval(metrics, 'campaign/m50_mean', '.4f')} N on average; {published.TRANSITION:g} N is in the interval "
        f"of {inside} of {len(known)} settings",
        UNKNOWN if not known else YES if inside == len(known) else CAVEAT if near or inside else NO,
    )


def _theory_predicts(metrics: Metrics) -> Claim:
    names = {"c2": "C = 2", "finite_size": "finite-size C", "exact_losses": "exact losses"}
    values = {predictor: metrics[f"predictor/{predictor}/p_value"] for predictor in names}
    tested = {predictor: value for predictor, value in values.items() if value is not None}
    said = []
    for predictor, value in tested.items():
        slope = interval(metrics, f"predictor/{predictor}/slope", ".2f")
        said.append(f"{names[predictor]}: slope {slope}, p = {value:.0e}")
    right = any(value > LEVEL / len(tested) for value in tested.values())
    return Claim(
        "The transition is where the two losses cross, all times weighted equally",
        "not tested",
        f"{'; '.join(said)} (level {LEVEL:g}, tests: {len(tested)})" if said else "needs several seeds",
        UNKNOWN if not tested else YES if right else NO,
    )


def _regression(metrics: Metrics) -> Claim:
    fitted, constant = (metrics[f"predictor/{name}/squared_error_holdout"] for name in ("fitted", "constant"))
    known = fitted is not None and constant is not None
    verdict = UNKNOWN
    if fitted is not None and constant is not None:
        verdict = NO if fitted > published.REGRESSION_ERROR else CAVEAT if fitted > 0.9 * constant else YES
    return Claim(
        "A regression on the two losses predicts the place with a mean squared error of 2e-4 on settings held out",
        f"≤ {published.REGRESSION_ERROR:.0e}",
        f"{number(fitted, '.1e')}; a constant has {number(constant, '.1e')}" if known else "needs settings held out",
        verdict,
    )


def _generalizing_loss(metrics: Metrics, settings: list[str]) -> Claim:
    values = _known(metrics, (f"{name}/generalizing_loss_over_theory" for name in settings))
    return Claim(
        "The generalizing loss is d σ*² / (1 + ψ σ*²) (theorem 3.1)",
        "agreement in figure 1",
        f"measured / theory {_range(values, '.4f')}" if values else "speaks of mixtures alone",
        UNKNOWN if not values else YES if all(abs(value - 1) < NEAR for value in values) else NO,
    )


def _partially_memorizing_loss(metrics: Metrics, settings: list[str]) -> Claim:
    prefixes = tuple(f"{name}/constant_at_" for name in settings)
    values = _known(metrics, (name for name in metrics if name.startswith(prefixes) and name[-1].isdigit()))
    between = all(1 <= value <= 2 for value in values)
    return Claim(
        "The partially memorizing loss is C (1 − M/N) d σ*² with C between 1 and 2 (theorem 3.2)",
        "1 ≤ C ≤ 2",
        f"C = {_range(values, '.2f')}, over settings and quoted M/N" if values else "speaks of mixtures alone",
        UNKNOWN if not values else YES if between else NO,
    )


def _seeds_matter_little(metrics: Metrics) -> Claim:
    seeds, spread = metrics["campaign/seed_variance"], metrics["campaign/m50_stddev"]
    known = seeds is not None and spread is not None and spread > 0
    share = seeds / spread**2 if seeds is not None and spread else 0.0
    return Claim(
        "Seeds matter little",
        SEEDS_IN_THE_PAPER,
        f"the variance of M₅₀ / N between seeds is {100 * share:.0f} % of that between settings"
        if known
        else "needs several seeds and settings",
        UNKNOWN if not known else YES if share < 0.1 else CAVEAT,
    )


def _known(metrics: Metrics, names: Iterable[str]) -> list[float]:
    return [value for name in names if (value := metrics.get(name)) is not None]


def _range(values: list[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"
