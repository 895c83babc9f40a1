"""What the parts of a configuration must be to each other."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgemem import pieces
from edgemem.config.base import KeyProblem, nearest
from edgemem.config.models import ModelEntry, SizeContour, snapshot_steps
from edgemem.config.plot import CaseFigure, SettingFigure
from edgemem.config.protocol import CONTINUED, Protocol


if TYPE_CHECKING:
    from edgemem.config.campaign import Campaign


def check_models(campaign: "Campaign") -> None:
    """Check that every setting has a model, and that every model can be trained as it says.

    **Raises:** KeyProblem with the key, what was found and what is allowed.
    """
    if not campaign.entries:
        raise KeyProblem("at least one model is needed", "models")
    for name, protocol in campaign.protocols_by_name.items():
        try:
            protocol.check_times(campaign.sampling)
        except KeyProblem as problem:
            raise KeyProblem(str(problem), "protocols", name, *problem.path) from None
    for name, entry in campaign.entries.items():
        _check_protocol(campaign, name, entry)
        _check_data(campaign, name, entry)
        _check_ends(campaign, name, entry)
    trained = {setting for name in campaign.entries for setting in campaign.settings_of(name)}
    for i, grid in enumerate(campaign.settings):
        for setting in grid.settings:
            if setting.name not in trained:
                able = [
                    d for d in pieces.names("denoiser") if set(pieces.declared(d).requires) <= set(setting.abilities)
                ]
                raise KeyProblem(
                    f"no model is trained on settings[{i}], {setting.name}; add one for its family, as in "
                    f"models: {{mine: {{denoiser: {able[0]}, protocol: fast, families: [{setting.family}]}}}}",
                    "models",
                )


def _check_protocol(campaign: "Campaign", name: str, entry: ModelEntry) -> None:
    protocols = campaign.protocols_by_name
    if entry.protocol not in protocols:
        raise KeyProblem(
            f"there is no protocol '{entry.protocol}'{nearest(entry.protocol, protocols)}", "models", name, "protocol"
        )
    protocol = protocols[entry.protocol]
    try:
        protocol.check_denoiser(entry.declared)
    except KeyProblem as problem:
        message = f"{problem}; the model '{name}' is trained with this protocol"
        raise KeyProblem(message, "protocols", entry.protocol, *problem.path) from None
    _check_rates(campaign, name, entry)
    if protocol.initialization in CONTINUED and not isinstance(entry.sizes, list):
        raise KeyProblem(
            f"with the start {protocol.initialization} each size goes on from the next, and these are not trained in "
            "order; list the sizes, as in sizes: [0.5 N, 0.8 N, N]",
            *("models", name, "sizes"),
        )
    if "closed_form" in entry.declared.provides and not isinstance(entry.sizes, list):
        raise KeyProblem(
            f"sizes of {entry.denoiser} are not placed by probing; list them, as in sizes: [50, 100, 200]",
            *("models", name, "sizes"),
        )
    if (last := snapshot_steps(entry.snapshots, protocol.steps)[-1]) > protocol.steps:
        raise KeyProblem(
            f"must be at most the {protocol.steps} steps of the protocol '{entry.protocol}' (got {last})",
            *("models", name, "snapshots"),
        )


def _check_ends(campaign: "Campaign", name: str, entry: ModelEntry) -> None:
    """Check that there is something between the ends of a contour, on every setting."""
    if not isinstance(entry.sizes, SizeContour):
        return
    for setting in campaign.settings_of(name):
        try:
            entry.sizes.ends(campaign.by_name[setting].N)
        except ValueError as error:
            raise KeyProblem(str(error), "models", name, "sizes", "smallest") from None


def _check_rates(campaign: "Campaign", name: str, entry: ModelEntry) -> None:
    """Check that no rate is one at which the denoiser's training is known to fail."""
    protocols = campaign.protocols_by_name
    for parameter, largest in entry.declared.largest_rates.items():
        rates = {
            other: p.peak_lr * p.lr_multipliers.get(parameter, 1)
            for other, p in protocols.items()
            if isinstance(p, Protocol)
        }
        if (rate := rates[entry.protocol]) > largest:
            slow = [other for other, own in rates.items() if own <= largest]
            raise KeyProblem(
                f"training of {entry.denoiser} is known to fail where the rate of '{parameter}' exceeds {largest:g}, "
                f"and that of the protocol '{entry.protocol}' rises to {rate:g}; take another one "
                f"(allowed: {', '.join(slow) or f'none; lower lr_multipliers.{parameter}'})",
                *("models", name, "protocol"),
            )


def _check_data(campaign: "Campaign", name: str, entry: ModelEntry) -> None:
    """Check that a model can serve the data that it names, and starts where its protocol says."""
    declared, settings = entry.declared, campaign.by_name
    for i, family in enumerate(entry.families or []):
        provides = pieces.setting_class(family).provides
        if lacking := sorted(set(declared.requires) - set(provides)):
            raise KeyProblem(
                f"{entry.denoiser} needs data with {', '.join(lacking)}, which the family '{family}' does not have "
                f"(allowed: {', '.join(_served(entry)) or 'none'})",
                *("models", name, "families", i),
            )
    for i, setting in enumerate(entry.settings or []):
        if setting not in settings:
            raise KeyProblem(
                f"the campaign has no setting '{setting}'{nearest(setting, settings)}", "models", name, "settings", i
            )
        if setting not in campaign.settings_of(name):
            family = settings[setting].family
            why = f"{entry.denoiser} needs data with {', '.join(declared.requires)}"
            if entry.families is not None and family not in entry.families:
                why = f"the families of {name} leave out {family}"
            allowed = ", ".join(campaign.settings_of(name)) or "none"
            raise KeyProblem(
                f"{name} is not trained on {setting}: {why} (allowed: {allowed})", "models", name, "settings", i
            )
    if entry.families is None and entry.settings is None and not campaign.settings_of(name):
        raise KeyProblem(
            f"{entry.denoiser} needs data with {', '.join(declared.requires)}, and no setting has them; take the model "
            f"out with {name}: null, or name its families (allowed: {', '.join(_served(entry)) or 'none'})",
            *("models", name),
        )
    start = campaign.protocols_by_name[entry.protocol].initialization
    for setting in campaign.settings_of(name):
        if lacking := sorted(set(declared.starts[start]) - set(settings[setting].abilities)):
            raise KeyProblem(
                f"the start '{start}' of {entry.denoiser} needs data with {', '.join(lacking)}, which {setting} does "
                "not have; give this model a protocol with another initialization",
                *("models", name, "protocol"),
            )


def _served(entry: ModelEntry) -> list[str]:
    """Return the families that a denoiser can serve."""
    required = set(entry.declared.requires)
    return [f for f in pieces.names("family") if required <= set(pieces.setting_class(f).provides)]


def check_starts(campaign: "Campaign") -> None:
    """Check that the models that are compared by their starts are of one kind, and have the same sizes.

    **Raises:** KeyProblem with the model, what was found and what is allowed.
    """
    models, where = campaign.regression.best_of, ("regression", "best_of")
    for i, name in enumerate(models):
        if name not in campaign.entries:
            raise KeyProblem(f"there is no model '{name}'{nearest(name, campaign.entries)}", *where, i)
        entry, first = campaign.entries[name], campaign.entries[models[0]]
        if name in models[:i]:
            raise KeyProblem(f"{name} is already in the list", *where, i)
        if "components" not in entry.declared.provides or not isinstance(entry.sizes, list):
            raise KeyProblem(f"{name} needs components, and a list of sizes, as in sizes: [0.5 N, N]", *where, i)
        own, others = ((one.denoiser, one.own_options(campaign.sampling), one.sizes) for one in (entry, first))
        if own != others:
            raise KeyProblem(f"{name} differs from {models[0]} in its denoiser, options or sizes", *where, i)
    if len(models) == 1:
        raise KeyProblem(f"at least two models are compared, or none (got {models})", *where)


def check_figures(campaign: "Campaign") -> None:
    """Check that every figure is there once, and speaks of settings and models that the campaign has.

    **Raises:** KeyProblem with the key, what was found and what is allowed.
    """
    for i, figure in enumerate(campaign.figures):
        if figure.figure in [other.figure for other in campaign.figures[:i]]:
            raise KeyProblem(f"the figure '{figure.figure}' is already in the list", "figures", i)
        where = ("figures", i)
        try:
            figure.check(campaign)
        except KeyProblem as problem:
            raise KeyProblem(str(problem), *where, *problem.path) from None
        if isinstance(figure, SettingFigure | CaseFigure):
            _check_drawn(campaign, figure, where)


def _check_drawn(campaign: "Campaign", figure: SettingFigure | CaseFigure, where: tuple[str | int, ...]) -> None:
    """Check that what a figure names is there and can be drawn."""
    cases, required = campaign.cases, set(figure.requires)
    if isinstance(figure, CaseFigure):
        drawn = [case for case in cases if figure.is_drawn_of(case, campaign.study)]
    else:
        drawn = [case for case in cases if required <= set(case.setting.abilities)]
    asked: dict[str, tuple[list[str] | None, Iterable[str], list[str]]] = {
        "settings": (figure.settings, campaign.by_name, [case.setting.name for case in drawn]),
        "models": (getattr(figure, "models", None), campaign.entries, [case.model for case in drawn]),
    }
    for key, (names, known, able) in asked.items():
        for name in names or []:
            if name not in known:
                what = key.removesuffix("s")
                raise KeyProblem(f"the campaign has no {what} '{name}'{nearest(name, known)}", *where, key)
            if name not in able:
                needs = f" needs {', '.join(figure.requires)} and" if figure.requires else ""
                allowed = ", ".join(dict.fromkeys(able)) or "none"
                raise KeyProblem(
                    f"the figure '{figure.figure}'{needs} cannot be drawn of {name} (allowed: {allowed})", *where, key
                )
