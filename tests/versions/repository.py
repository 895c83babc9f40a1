"""The tiny campaign in a git repository, and the command that keeps its versions."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from workflow.campaign import CONFIG, ROOT, TINY, Workflow, copy_finished


MORE_DRAWS = TINY["evaluation"] | {"draws": 3}
# An extension: a figure that a campaign calls by the name of its file.
OWN_FIGURE = """
'''A figure of one's own.'''

from typing import ClassVar, Literal

from edgemem.config.plot import CampaignFigure, Caption
from edgemem.figures.style import new_figure


class OwnFigure(CampaignFigure):
    '''The transition points, one after another.'''

    reads: ClassVar = ("transition",)

    figure: Literal["own"]


CAPTION = Caption("Transition points", "Points.", "The transition points, one after another.")


def draw(options, subject, inputs):
    '''Draw them.'''
    figure, (axes,) = new_figure()
    axes.plot(inputs["transition"][0].m50_pooled.values.ravel(), "o")
    return figure
"""


class Repository(Workflow):
    """A clone of the workflow."""

    def __init__(self, folder: Path, cache: Path):
        """**Arguments:** as of a workflow; nobody's own git configuration is read."""
        super().__init__(folder, cache)
        settings = cache / "gitconfig"
        settings.write_text("[user]\nname = Tester\nemail = tester@example.org\n[init]\ndefaultBranch = main\n")
        self.environment |= {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(self, *arguments: str) -> str:
        """Return what a git command prints."""
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def commit(self) -> None:
        """Commit all that is not ignored."""
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", "A commit")

    def edgemem(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of edgemem."""
        return subprocess.run(
            [self.python, "-m", "edgemem", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def script(self, script: str) -> int:
        """Return the exit code of a script."""
        return subprocess.run([self.python, script], cwd=self.folder, env=self.environment, check=False).returncode

    def version(self, *words: str) -> str:
        """Return what an action prints that is done."""
        ended = self.edgemem("version", *words)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def refused(self, *words: str) -> str:
        """Return what an action says that is not done: one message, no traceback."""
        ended = self.edgemem("version", *words)
        assert ended.returncode == 1, ended.stdout
        assert ended.stderr.startswith("edgemem version: ")
        assert "Traceback" not in ended.stderr
        return ended.stderr

    def save(self, name: str, *words: str) -> str:
        """Save the tiny campaign."""
        return self.version("save", name, "--configfile", CONFIG, *words)

    def run(self) -> None:
        """Run the campaign."""
        ended = self.snakemake("--cores", "2")
        assert ended.returncode == 0, ended.stdout

    def change(self, **keys: Any) -> None:
        """Change some keys, of the evaluation where none is named, and run."""
        self.configure(**keys or {"evaluation": MORE_DRAWS})
        self.run()

    def contents(self) -> dict[str, bytes]:
        """Return all results."""
        return contents(self.folder)


def begin(finished: Path, folder: Path, cache: Path) -> Repository:
    """Return a repository with the finished campaign."""
    copy_finished(finished, folder)
    shutil.copy(ROOT / ".gitignore", folder)
    repository = Repository(folder, cache)
    # A link is no folder, which is what .gitignore names.
    (folder / ".git/info").mkdir(parents=True)
    (folder / ".git/info/exclude").write_text("/.venv-dvc\n/jobs.jsonl\n")
    repository.git("init", "--quiet")
    repository.commit()
    return repository


def clone(repository: Repository, folder: Path, cache: Path) -> Repository:
    """Return a clone: what git has, and no results."""
    repository.git("clone", "--quiet", str(repository.folder), str(folder))
    (folder / ".git/info/exclude").write_text("/.venv-dvc\n/jobs.jsonl\n")
    return Repository(folder, cache)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all results in a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in (folder / "results").rglob("*") if p.is_file()}


def flip_byte(path: Path) -> None:
    """Change one bit of a file, and neither its size nor its times."""
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
