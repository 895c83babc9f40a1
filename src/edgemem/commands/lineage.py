"""What a file was made of, back to the configuration, from what it carries itself."""

import argparse
import json
import lzma
from collections.abc import Iterator, Mapping
from pathlib import Path

from edgemem.config.file_list import CampaignFile
from edgemem.errors import EdgememError
from edgemem.files.attributes import read_attributes
from edgemem.files.lineage import Ancestry, sha256, unpacked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="NetCDF file, figure, report or metrics that edgemem has made")


def run(options: argparse.Namespace) -> None:
    """Print the file and its ancestors, each indented below what was made of it."""
    for line in Chain(Path(options.file)).lines():
        print(line)


class Chain:
    """A file's ancestors: what is told of them, and whether they are here.

    They are looked for where their paths lead from the file's folder, from a folder above it, or from the current one.
    """

    def __init__(self, file: Path):
        """Read what the file tells.

        **Raises:** EdgememError if it is not there, damaged, or none of edgemem's.
        """
        self.file = file
        try:
            self.attributes = read_attributes(file)
            self.told: Ancestry = _ancestry(self.attributes)
        except FileNotFoundError:
            raise EdgememError(f"{file} does not exist") from None
        except (OSError, ValueError, lzma.LZMAError) as error:
            raise EdgememError(f"{file} cannot be read, perhaps it is truncated ({error})") from None
        if not self.attributes:
            raise EdgememError(
                f"{file} carries no lineage; give a .nc, .pdf, .png, .csv, report.html or metrics.json of edgemem"
            )
        self._folders = [*file.absolute().parents, Path.cwd()]
        self._shown: set[str] = set()

    def lines(self) -> Iterator[str]:
        """Return the lines of the tree, the file first."""
        checksum = sha256(self.file)
        self.told[checksum] = self.attributes
        yield from self._file(str(self.file), checksum, "this file", "")
        if "ancestry" not in self.attributes:
            yield (
                f"{self.file} was written by an edgemem whose files named their inputs alone: "
                "the rest is told by the files that are here."
            )

    def _file(self, path: str, checksum: str, state: str, indent: str) -> Iterator[str]:
        attributes = self.told.get(checksum)
        yield indent + (_label(path, attributes) if attributes else "file")
        yield f"{indent}  {path}, sha256 {checksum[:12]}, {state}"
        if attributes is None:
            yield f"{indent}  how it was made is not known"
            return
        if checksum in self._shown:
            yield f"{indent}  made as told above"
            return
        self._shown.add(checksum)
        yield f"{indent}  {_making(attributes)}"
        yield f"{indent}  config {attributes['spec']}"
        for parent, expected in json.loads(attributes["inputs"]).items():
            yield from self._file(parent, expected, self._look(parent, expected), f"{indent}    ")

    def _look(self, path: str, checksum: str) -> str:
        """Return what has become of an ancestor, and learn from it what no descendant tells."""
        here = next((folder / path for folder in self._folders if (folder / path).is_file()), None)
        if here is None:
            return "is not here"
        if sha256(here) != checksum:
            return "differs from the file here"
        if checksum not in self.told and (attributes := read_attributes(here)):
            self.told = _ancestry(attributes) | self.told | {checksum: attributes}
        return "is the file here"


def _ancestry(attributes: Mapping[str, str]) -> Ancestry:
    return unpacked(attributes["ancestry"]) if "ancestry" in attributes else {}


def _label(path: str, attributes: Mapping[str, str]) -> str:
    """Return what a file is, in words."""
    kind, figure = attributes["edgemem_file"], None
    if kind == "figure":
        kind, figure = Path(path).suffix[1:], json.loads(attributes["spec"])["figure"]["figure"]
    setting, seed, model = (attributes.get(name) for name in ("setting", "seed", "model"))
    return CampaignFile("", kind, path, "", setting, int(seed) if seed else None, model, figure).label


def _making(attributes: Mapping[str, str]) -> str:
    """Return when, by which code and where a file was made."""
    changed = " with changes" if attributes["git_dirty"] == "true" else ""
    code = f"edgemem {attributes['edgemem_version']}, commit {attributes['git_commit'][:12]}{changed}"
    return f"made {attributes['created']} by {code}, on {attributes['host_platform']}, {attributes['device_kind']}"
