"""Summary metrics of a campaign in which every claim is right, to be changed one number at a time."""

from edgemem.analysis import published
from edgemem.config.regress import PREDICTORS
from edgemem.reporting.figure_values import CASE


Table = dict[str, float | None]
SEEDS = 10
IMAGES = "image_fashion-mnist_N100_K4/templates"
MIXTURES = [CASE, *(f"gaussian_N{n}_d{d}_K3/mixture" for n in (50, 100) for d in (30, 40, 50, 60))]
GROUP = "components/gaussian/mixture"
FRACTIONS = (0.5, 0.7, 0.8, 0.9)
FOLDS = ("train", "holdout", "interpolation", "extrapolation", "leave_one_variance_out")


def measured(name: str, value: float, half: float = 0.01) -> Table:
    """A number with a symmetric interval and a spread between seeds."""
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half, f"{name}_seed_stddev": half}


def estimated(name: str, value: float, stderr: float, df: float = 20) -> Table:
    """A number with its own error."""
    interval = {f"{name}_low": value - 2 * stderr, f"{name}_high": value + 2 * stderr}
    return {name: value, f"{name}_stderr": stderr, f"{name}_df": df, **interval}


def case(name: str, place: float = 0.8) -> Table:
    """A case with a transition, corrected and not, all data sets of which go from one end to the other."""
    table: Table = {f"{name}/transitions": float(SEEDS), f"{name}/data_sets": float(SEEDS)}
    for prefix in ("", "corrected_"):
        for level, value in (("m10", place - 0.1), ("m50", place), ("m90", place + 0.1)):
            table |= measured(f"{name}/{prefix}{level}_pooled", value, 0.005)
    table |= measured(f"{name}/corrected_width", 0.2, 0.02)
    for fraction in FRACTIONS:
        table |= measured(f"{name}/learned_variance_at_{fraction:g}", 1 - fraction)
    return table | measured(f"{name}/learned_variance_at_1", 0.0, 1e-3)


def mixture(name: str, i: int) -> Table:
    """A mixture that obeys both theorems, with C = 2; the i-th differs a little from the others."""
    table = case(name, 0.8 + 0.001 * (i % 3 - 1)) | measured(f"{name}/generalizing_loss_over_theory", 1.0, 0.002)
    for fraction in FRACTIONS:
        table |= measured(f"{name}/constant_at_{fraction:g}", 1.9, 0.01)
        table[f"{name}/finite_size_constant_at_{fraction:g}"] = 1.9
    return table


def predictions() -> Table:
    """Predictors of which the regression and the weights fitted to exact losses are better than all others."""
    table: Table = {"campaign/binomial_variance_first_50": 1.7e-4}
    for predictor in PREDICTORS:
        own = f"predictor/{predictor}"
        right = predictor in ("fitted", "exact_fitted", "likelihood")
        for fold in FOLDS:
            error = 3e-5 if right else 1e-3
            table |= {f"{own}/squared_error_{fold}": error, f"{own}/count_{fold}": 16.0}
            table |= estimated(f"{own}/gain_{fold}", 1e-3 - error, 5e-5)
            table |= estimated(f"{own}/floor_{fold}", error - 3e-5, 1e-6)
        table |= estimated(f"{own}/slope", 1.0, 0.02) | estimated(f"{own}/within_slope", 1.0, 0.02)
        table |= estimated(f"{own}/bias", 0.0, 0.001)
    return table


def campaign() -> Table:
    """All of it: mixtures, among them that of the paper's figures, and images."""
    table: Table = {"campaign/seeds": float(SEEDS), "campaign/settings": float(len(MIXTURES)), **predictions()}
    for i, name in enumerate(MIXTURES):
        table |= mixture(name, i)
    for fraction, value in published.TRAINED_LOSS.items():
        table |= measured(f"{CASE}/trained_loss_at_{fraction:g}", value)
    for part, value in (("between_settings", 1e-6), ("between_data_sets", 3e-5), ("share_of_data_sets", 0.9)):
        table |= {f"{GROUP}/{part}": value, f"{GROUP}/{part}_low": 0.8 * value, f"{GROUP}/{part}_high": 1.1 * value}
    table |= {f"{GROUP}/counting": 1e-6, f"{GROUP}/settings": float(len(MIXTURES)), f"{GROUP}/seeds": float(SEEDS)}
    return table | case(IMAGES)


def every(quantity: str, value: float, half: float, cases: list[str] = MIXTURES) -> Table:
    """One quantity of all cases, changed."""
    table: Table = {}
    for name in cases:
        table |= measured(f"{name}/{quantity}", value, half)
    return table


def fraction(part: str, value: float, low: float, high: float) -> Table:
    """A component of variance, changed."""
    return {f"{GROUP}/{part}": value, f"{GROUP}/{part}_low": low, f"{GROUP}/{part}_high": high}
