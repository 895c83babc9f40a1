"""The cases of a campaign, by the names that its summary metrics have."""

import re

from edgemem.reporting.numbers import Metrics


def setting_of(case: str) -> str:
    """Return the setting of `SETTING/MODEL`."""
    return case.rpartition("/")[0]


def settings_of(cases: list[str]) -> list[str]:
    """Return the settings of cases, each once."""
    return list(dict.fromkeys(map(setting_of, cases)))


def of_family(cases: list[str], family: str) -> list[str]:
    """Return the cases of a data family."""
    return [case for case in cases if case.startswith(f"{family}_")]


def variance_of(case: str) -> float:
    """Return sigma*^2 of a mixture's setting."""
    found = re.search(r"_var([0-9.e+-]+?)(?=_|/|$)", case)
    return float(found[1]) if found else 1.0


def groups(metrics: Metrics, cases: list[str]) -> list[str]:
    """Return the names `components/FAMILY/MODEL` under which these cases have components of variance."""
    found = [re.fullmatch("components/([^/]+)/([^/]+)/between_data_sets", name) for name in metrics]
    named = [(match[1], match[2]) for match in found if match]
    own = (
        pair for pair in named if any(case.startswith(f"{pair[0]}_") and case.endswith(f"/{pair[1]}") for case in cases)
    )
    return [f"components/{family}/{model}" for family, model in own]


def reported(metrics: Metrics, case: str, quantity: str) -> list[float]:
    """Return the fractions M/N at which a quantity of a case is known, in ascending order."""
    beginning = f"{case}/{quantity}_at_"
    ends = (name.removeprefix(beginning) for name in metrics if name.startswith(beginning))
    fractions = (float(end) for end in ends if re.fullmatch(r"[0-9.]+(e-?[0-9]+)?", end))
    return sorted(fraction for fraction in fractions if metrics[f"{beginning}{fraction:g}"] is not None)


def called(cases: list[str]) -> str:
    """Return how many cases there are, and what they are called: with one model on each, they are settings."""
    several = "" if len(cases) == 1 else "s"
    return f"{len(cases)} setting{several}" + (" and models" if len(settings_of(cases)) < len(cases) else "")


def studied(metrics: Metrics, cases: list[str]) -> str:
    """Return how many cases there are, of how many data sets each."""
    seeds = round(metrics.get("campaign/seeds") or 0)
    each = "" if len(cases) == 1 else " each"
    return f"{called(cases)} of {seeds} data set{'' if seeds == 1 else 's'}{each}"
