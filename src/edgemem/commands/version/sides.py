"""What a comparison is given: a version by its name, or by a configuration file the results that lie here."""

import json
from pathlib import Path

from edgemem.commands.configuration import CONFIG
from edgemem.config.campaign import Campaign
from edgemem.config.file_list import files_of
from edgemem.config.loading import read_campaign
from edgemem.errors import EdgememError
from edgemem.files.attributes import read_attributes
from edgemem.reporting.summary_metrics import read_metrics
from edgemem.versions import store, tags
from edgemem.versions.configuration import parameters
from edgemem.versions.files import checksums
from edgemem.versions.version import File, Version
from edgemem.workflow.snakemake import command_line


CONFIGURATIONS = (".yaml", ".yml")


def side(name: str) -> Version:
    """Return a version, or, as one that is in no store, the results of the campaign that a configuration file names.

    **Raises:** EdgememError if there is no such version, or the campaign has not been run as it is configured.
    """
    if Path(name).suffix in CONFIGURATIONS:
        return _present(name)
    try:
        return tags.read(name)
    except EdgememError as error:
        raise EdgememError(f"{error} (results that lie here are named by a configuration file, as {CONFIG})") from None


def _present(configfile: str) -> Version:
    """Return the results that lie here of a campaign."""
    configfiles = [] if Path(configfile).resolve() == Path(CONFIG).resolve() else [configfile]
    campaign = read_campaign(CONFIG, *configfiles)
    files = {file.path: file.label for file in files_of(campaign)}
    by_kind = {file.kind: file.path for file in files_of(campaign)}
    if not _as_configured(campaign, by_kind["transition"]):
        typed = command_line(configfiles)
        raise EdgememError(
            f"the results of campaign {campaign.campaign} are not here as {configfile} has them; type first: {typed}"
        )
    return Version(
        name=campaign.campaign,
        campaign=campaign.campaign,
        configfiles=configfiles,
        values=[],
        extensions=campaign.extensions,
        parameters=parameters(campaign),
        metrics=dict(read_metrics(by_kind["metrics"])),
        files={path: File(total, 0, 0, files[path]) for path, total in checksums(files).items()},
        packed="",
        data="",
    )


def _as_configured(campaign: Campaign, table: str) -> bool:
    """Return whether the table of transitions is there, and was made by what the configuration says."""
    if not Path(table).is_file():
        return False
    made = read_attributes(table)
    evaluations = {file.path for file in files_of(campaign) if file.kind == "evaluations"}
    return made["spec"] == campaign.regress_spec().canonical() and set(json.loads(made["inputs"])) == evaluations


def images(version: Version) -> dict[str, bytes]:
    """Return the figures of a version by name, at the width of one column where they are there: two fit side by side.

    Those of a version in the store are there while that is open.

    **Raises:** EdgememError if they are not here.
    """
    figures = version.folder / "figures"
    if not any(Path(path).parent == figures for path in version.files):
        return {}
    folder = store.fetch_out(version.name, [str(figures)]) / figures if version.kept else figures
    found = {path.stem: path for path in sorted(folder.glob("*.png"))}
    found |= {path.stem: path for path in folder.glob("column/*.png") if path.stem in found}
    return {name: path.read_bytes() for name, path in found.items()}
