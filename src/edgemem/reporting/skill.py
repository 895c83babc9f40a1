"""The skill of predictors of the transition, from the summary metrics of a campaign."""

from edgemem.analysis.published import RATIO_POINTS
from edgemem.config.regress import PREDICTORS
from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.pages import Table
from edgemem.reporting.summary_metrics import identified


def predictor_table(metrics: Metrics) -> Table:
    """Return the errors of all predictors on all folds, and how they compare with what was measured."""
    prefix = "predictor/constant/squared_error_"
    folds = [name.removeprefix(prefix) for name in metrics if name.startswith(prefix)]
    folds.sort(key=lambda fold: (fold != "train", fold != "holdout", fold))
    rows = []
    for predictor, name in PREDICTORS.items():
        own = f"predictor/{predictor}"
        errors = [number(metrics.get(f"{own}/squared_error_{fold}")) for fold in folds]
        bias, slope = interval(metrics, f"{own}/bias", "+.4f"), interval(metrics, f"{own}/slope", ".2f")
        rows.append([name, *errors, bias, slope, number(metrics.get(f"{own}/p_value"), ".1e")])
    return Table(["predictor", *(fold.replace("_", " ") for fold in folds), "bias", "slope", "p"], rows)


def noise_table(metrics: Metrics) -> Table:
    """Return the variances of M50 / N that no predictor can explain."""
    total = max(int(name.rpartition("_")[2]) for name in metrics if name.startswith("campaign/binomial_variance_"))
    stddev = metrics["campaign/m50_stddev"]
    rows = [
        [
            "between settings: the error of the best constant",
            number(None if stddev is None else stddev**2),
        ]
    ]
    criteria = {"first": "the paper's criterion, the first M with a ratio of one half", "fitted": "fitted curve"}
    for criterion, name in criteria.items():
        for points in sorted({RATIO_POINTS, total}):
            value = metrics[f"campaign/binomial_variance_{criterion}_{points}"]
            rows.append([f"counting {points:,} generated points, {name}", number(value)])
    rows.append(["between seeds of one setting, binomial error removed", number(metrics["campaign/seed_variance"])])
    return Table(["source", "variance of M₅₀ / N"], rows)


def weights_text(metrics: Metrics) -> str:
    """Return what the fit of the weights found, and how much of them the settings tell."""
    best, worst = metrics["regression/objective"], metrics["regression/objective_worst"]
    if best is None or worst is None:
        return "The weights λ̃ could not be fitted: no setting has a transition to which the approximations apply."
    starts, ended, as_good = (
        int(metrics[f"regression/{name}"] or 0) for name in ("starts", "starts_converged", "starts_at_best")
    )
    count, values = identified(metrics)
    return (
        f"The search for λ̃ had {starts} starts; {ended} ended by themselves, and {as_good} within 1 % of the best\n"
        f"objective, {best:.3e} (worst: {worst:.3e}). The singular values of the predictions' derivative by λ̃ are\n"
        f"{', '.join(format(value, '.1e') for value in values)}: these settings tell **{count}** "
        "of its directions.\nIn all others λ̃ can change without changing any prediction, and its curve means nothing."
    )
