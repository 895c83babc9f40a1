"""What a version is: a campaign's files with their checksums, and what made them."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgemem import layout
from edgemem.errors import EdgememError


# Raised whenever a version is written in another way. Versions of the format before had no values of --config.
FORMAT, BEFORE = 3, 2


class File(NamedTuple):
    """A file of a version.

    **Arguments:** `label`: what it is, in words: the same in two versions that made it in other ways, under other
    paths; of logs and benchmarks empty.
    """

    sha256: str
    size: int
    mtime_ns: int
    label: str = ""


@dataclasses.dataclass(frozen=True)
class Version:
    """A version, but for the content of its files.

    **Arguments:** `configfiles`, `values`: what Snakemake was given with --configfile and --config; `extensions`: the
    user's own families, denoisers and figures; `parameters`: the whole configuration, flat; `metrics`: those of
    metrics.json; `files`: by path; `packed`: checksum of what is packed into one file; `data`: DVC's pointer to their
    content, empty for results that are in no store.
    """

    name: str
    campaign: str
    configfiles: list[str]
    values: list[str]
    extensions: list[str]
    parameters: dict[str, Any]
    metrics: dict[str, float | None]
    files: dict[str, File]
    packed: str
    data: str

    @property
    def kept(self) -> bool:
        """Whether its files are in the store; those of results that lie in `results/` are not."""
        return bool(self.data)

    @property
    def title(self) -> str:
        """What a page calls it."""
        return self.name if self.kept else f"campaign {self.campaign}"

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files.values())

    @property
    def configuration(self) -> list[str]:
        """The files whose content the version's commit holds as it was used, the strongest last."""
        return ["config.yaml", *self.configfiles, *self.extensions]

    @property
    def folder(self) -> Path:
        """The campaign's own folder, all files of which are in the version."""
        return Path(layout.RESULTS, self.campaign)

    def to_json(self) -> str:
        """Return the version as text."""
        return json.dumps({"format": FORMAT, **dataclasses.asdict(self)}, indent=1, sort_keys=True) + "\n"

    @staticmethod
    def from_json(text: str) -> "Version":
        """Return the version that a text describes.

        **Raises:** EdgememError if another edgemem wrote it in another way.
        """
        content: Mapping[str, Any] = json.loads(text)
        if content["format"] not in (BEFORE, FORMAT):
            raise EdgememError(
                f"version {content['name']} has format {content['format']}, this edgemem reads {BEFORE} and {FORMAT}; "
                "use the edgemem that saved it"
            )
        keys = {key: value for key, value in content.items() if key != "format"}
        return Version(
            **{"values": [], **keys, "files": {path: File(*file) for path, file in content["files"].items()}}
        )
