"""Which figures of a campaign are drawn for which settings and models."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from edgemem.config.plot import CaseFigure, Figure, SettingFigure
from edgemem.config.study import Study


class Plot(NamedTuple):
    """One drawing of a figure, of a setting and a model as far as the figure is of one."""

    figure: Any
    setting: str | None = None
    model: str | None = None


def plots_of(figures: Iterable[Figure], study: Study) -> Iterator[Plot]:
    """Yield all drawings: a figure is drawn where it is asked for and what it requires is provided."""
    for figure in figures:
        if isinstance(figure, CaseFigure):
            for case in study.cases:
                asked = _is_in(case.setting.name, figure.settings) and _is_in(case.model, figure.models)
                if asked and figure.is_drawn_of(case, study):
                    yield Plot(figure, case.setting.name, case.model)
        elif isinstance(figure, SettingFigure):
            for name, setting in study.by_name.items():
                if _is_in(name, figure.settings) and set(figure.requires) <= set(setting.abilities):
                    yield Plot(figure, name)
        else:
            yield Plot(figure)


def _is_in(name: str, names: list[str] | None) -> bool:
    return names is None or name in names
