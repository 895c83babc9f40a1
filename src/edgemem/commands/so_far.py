"""What the evaluations that are there say so far: which data sets are done, and where the transition is."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from edgemem.analysis.convergence import in_gap, usable
from edgemem.analysis.evaluations import last_step
from edgemem.commands.text import LINES, listed
from edgemem.config.campaign import Campaign
from edgemem.config.file_list import files_of
from edgemem.config.study import Case
from edgemem.errors import EdgememError
from edgemem.files.netcdf import open_dataset
from edgemem.numerics.statistics import crossing, mean_interval, monotone_logit
from edgemem.reporting.numbers import number


# The paths of the evaluations that exist, by the names of setting and model, and by seed.
There = dict[tuple[str, str], dict[int, str]]
# Files that are read for a look: all of a large campaign would take longer than one wants to wait.
READ = 60


def evaluations_there(campaign: Campaign) -> There:
    """Return the evaluations that exist of every case; cases that have none are among them."""
    there: There = {(case.setting.name, case.model): {} for case in campaign.cases}
    for file in files_of(campaign):
        if file.kind == "evaluations" and Path(file.path).is_file():
            assert file.setting and file.model and file.seed is not None
            there[file.setting, file.model][file.seed] = file.path
    return there


def data_sets(seeds: Iterable[int], done: Mapping[int, str]) -> str:
    """Return how many seeds of a case are done, and which are missing, if some are and some are not."""
    missing = [str(seed) for seed in seeds if seed not in done]
    text = f"{len(done)} of {len(done) + len(missing)} seeds"
    return text + (f", missing {', '.join(missing)}" if missing and done else "")


def curves_so_far(campaign: Campaign) -> str:
    """Return a line for each case that has evaluations, and which have none; of many cases the first ones."""
    there = evaluations_there(campaign)
    begun = [case for case in campaign.cases if there[case.setting.name, case.model]]
    lines: list[str] = []
    read = 0
    for case in begun[:LINES]:
        done = there[case.setting.name, case.model]
        read += len(done)
        if lines and read > READ:
            break
        lines.append(f"{case.name}: {data_sets(campaign.seeds, done)}; {_curve(case, done.values())}")
    more = [f"... and {len(begun) - len(lines)} more"] if len(begun) > len(lines) else []
    count, total = sum(map(len, there.values())), len(there) * len(campaign.seeds)
    text = "\n  ".join([f"so far {count} of {total} evaluations", *lines, *more])
    without = [f"{setting}/{model}" for (setting, model), done in there.items() if not done]
    return "\n".join([text, *([listed("none yet of", without)] if without else [])])


def _curve(case: Case, paths: Iterable[str]) -> str:
    """Return the ends of a case's curve and its middle, as far as the files can be read."""
    looks, lines = [], []
    for path in paths:
        try:
            with open_dataset(path, "evaluations") as evaluation:
                looks.append(look(evaluation))
        except EdgememError as error:
            lines.append(f"not read: {error}")
    return "; ".join([*([_in_words(case, looks)] if looks else []), *lines])


class Look(NamedTuple):
    """The ends of the curve of one evaluation, (fraction, ratio) of its smallest and largest model, and M50 / N."""

    ends: np.ndarray
    m50: float


def look(evaluation: xr.Dataset) -> Look:
    """Return what is seen of one evaluation: M50 as the regress stage finds it, without its bootstrap."""
    last = last_step(evaluation)
    kept = usable(last)
    fraction, count, total = last.fraction.values, last.memorized_count.values, int(last.generated_count)
    ends = np.array([(fraction[i], count[i] / total) for i in (0, -1)])
    m50 = np.nan
    if kept.any():
        m50 = float(crossing(fraction[kept], monotone_logit(count[kept][None], total), 0.5)[0])
        if not np.isfinite(m50) or in_gap(fraction, kept, np.array(m50)):
            m50 = np.nan
    return Look(ends, m50)


def _in_words(case: Case, looks: list[Look]) -> str:
    """Return the mean of some looks, M50 with its interval by the spread over seeds where there are several."""
    (small, low_ratio), (large, high_ratio) = np.mean([one.ends for one in looks], axis=0)
    name, unit = ("M50", "N") if "components" in case.provides else ("P50", "N d")
    value, low, high = (float(end) for end in mean_interval(np.array([one.m50 for one in looks])))
    m50 = f"{name} {number(value, '.3f')} {unit}" if np.isfinite(value) else f"{name} unknown"
    interval = f" [{low:.3f}, {high:.3f}]" if np.isfinite([low, high]).all() else ""
    return (
        f"ratio {low_ratio:.2f} at {small:.2f} {unit} … {high_ratio:.2f} at {large:.2f} {unit}; {m50}{interval} so far"
    )
