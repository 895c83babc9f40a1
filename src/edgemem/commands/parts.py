"""Campaigns within a campaign: the evaluations that are there, taken apart so that each part has all of its own."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from edgemem import layout
from edgemem.commands.so_far import There
from edgemem.config.regress import RegressSpec
from edgemem.config.report import ReportSpec


Spec = TypeVar("Spec", RegressSpec, ReportSpec)


class Part(NamedTuple):
    """Cases of a campaign whose evaluations of some seeds are all there: a campaign by itself.

    **Attributes:** `cases`: names of setting and model; `folder`: below `results/`, of its tables.
    """

    cases: tuple[tuple[str, str], ...]
    seeds: tuple[int, ...]
    folder: str

    def path(self, kind: str) -> str:
        """Return the path of a table."""
        return layout.path_of(kind).format(campaign=self.folder)

    def of(self, spec: Spec) -> Spec:
        """Return of what a stage reads of the campaign what it would read of this part."""
        values: dict[str, Any] = {name: getattr(spec, name) for name in type(spec).model_fields}
        models = {}
        for name, model in spec.models.items():
            if settings := [setting for setting in model.settings if (setting, name) in self.cases]:
                models[name] = model.model_copy(update={"settings": settings})
        named = {setting for setting, _ in self.cases}
        values["models"], values["settings"] = models, [each for each in spec.settings if each.name in named]
        values["seeds"] = list(self.seeds)
        return type(spec)(**values)


def parts_of(there: There, seeds: Sequence[int], folder: str) -> list[Part]:
    """Return the part that compares cases, and then one for each other set of seeds that cases have.

    The first one's seeds are those that most cases have, as many of them as make it hold the most evaluations; of
    equally many evaluations it takes the more cases, since these are what is compared.

    **Arguments:** `seeds`: all of the campaign, in its order; `folder`: below `results/`, of the first part's tables.
    """
    seeds_of = {name: tuple(paths) for name, paths in there.items() if paths}
    ranked = sorted(seeds, key=lambda seed: -sum(seed in own for own in seeds_of.values()))

    def having(wanted: Sequence[int]) -> tuple[tuple[str, str], ...]:
        return tuple(name for name, own in seeds_of.items() if set(wanted) <= set(own))

    count = max(range(1, len(seeds) + 1), key=lambda n: (n * len(having(ranked[:n])), -n))
    compared = tuple(seed for seed in seeds if seed in ranked[:count])
    parts = [Part(having(compared), compared, folder)]
    for own in dict.fromkeys(seeds_of.values()):
        if own != compared:
            cases = tuple(name for name, seeds in seeds_of.items() if seeds == own)
            parts.append(Part(cases, own, f"{folder}/seeds_{'_'.join(map(str, own))}"))
    return parts
