"""Python processes that start at once: forks of one that has imported what others import for seconds.

Tests of the workflow start a thousand processes, each of which would spend most of its time on importing the same
libraries. A server imports them once; `python -m snakemake`, `python -m edgemem` and scripts of a test are then forks
of it, with the arguments, folder, variables and files of whoever typed that. The package itself is imported by each
fork, from where its own PYTHONPATH says.

What libraries read while they are imported is the server's: a process with other such variables is a real one, and so
are all that a test watches or kills.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple


PROGRAMS = [["-m", "edgemem"], ["-m", "snakemake"]]
LIBRARIES = (
    "snakemake.cli",
    "equinox",
    "grimp",
    "jax.numpy",
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf",
    "matplotlib.figure",
    "matplotlib.style",
    "netCDF4",
    "optax",
    "scipy.cluster.hierarchy",
    "scipy.optimize",
    "scipy.stats",
    "xarray",
)
# Libraries look for these when they are imported.
READ_BY_LIBRARIES = ("JAX_", "MPL", "OMP_", "OPENBLAS_", "PYTHON", "XDG_", "XLA_")
# Bytes of the length that comes before a request, and of an exit code.
LENGTH, CODE = 8, 4

CLIENT = """#!{python} -IS
import array, json, os, signal, socket, sys
words = sys.argv[1:]
server = socket.socket(socket.AF_UNIX)
request = json.dumps({{"words": words, "folder": os.getcwd(), "variables": dict(os.environ)}}).encode()
own = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
try:
    if not "".join(words[:1]).endswith(".py") and words[:2] not in {programs}:
        raise OSError
    server.connect({address!r})
    server.sendmsg([len(request).to_bytes({length}, "big")], [own])
    server.sendall(request)
    if server.recv(1) != b"y":
        raise OSError
except OSError:
    os.execv({python!r}, [{python!r}, *words])
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: server.sendall(bytes([number])))
code = int.from_bytes(server.recv({code}), "big", signed=True)
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@contextmanager
def forks(folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Make a folder with a `python` that starts forks of a server, which ends with the context.

    **Arguments:** `variables`: the environment that the forks will have.
    """
    folder.mkdir(parents=True)
    own = {key: value for key, value in variables.items() if key != "PYTHONPATH"}
    # In a folder with a short name: that of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="forks-") as place:
        address, client = f"{place}/socket", folder / "python"
        # Its standard input ends when this process does, however that ends.
        server = subprocess.Popen(
            [sys.executable, __file__, address, client], env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert server.stdin and server.stdout
        assert server.stdout.readline() == b"ready\n"
        program = CLIENT.format(python=sys.executable, programs=PROGRAMS, address=address, length=LENGTH, code=CODE)
        client.write_text(program)
        client.chmod(0o755)
        try:
            yield
        finally:
            client.unlink()
            server.stdin.close()
            server.wait()
            server.stdout.close()


class Request(NamedTuple):
    """A process that somebody asks for over a connection, with the files that are its standard streams."""

    connection: socket.socket
    files: list[int]
    words: list[str]
    folder: str
    variables: dict[str, str]

    def become(self) -> None:
        """Make this process the one that is asked for, up to its program."""
        for own, given in enumerate(self.files):
            os.dup2(given, own)
            os.close(given)
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.variables)
        added = [path for path in self.variables.get("PYTHONPATH", "").split(os.pathsep) if path]
        script = self.words[0] != "-m"
        sys.path[:0] = [str(Path(self.words[0]).parent) if script else self.folder, *added]
        sys.argv = self.words if script else self.words[1:]

    def ended(self, status: int) -> None:
        """Tell whoever asked how the process has ended."""
        code = os.waitstatus_to_exitcode(status)
        with suppress(OSError):  # who asked may have been killed
            self.connection.sendall(code.to_bytes(CODE, "big", signed=True))
        self.connection.close()


class Server:
    """Forks itself for whoever asks at an address, until its standard input ends."""

    def __init__(self, address: str):
        """Listen at an address."""
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(address)
        self.listening.listen(100)
        self.woken, self.wake = socket.socketpair()
        for end in (self.woken, self.wake):
            end.setblocking(False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wake.fileno())
        self.selector = selectors.DefaultSelector()
        for source in (sys.stdin, self.woken, self.listening):
            self.selector.register(source, selectors.EVENT_READ)
        self.running: dict[int, Request] = {}

    def serve(self) -> list[str]:
        """Start forks; in each of them, return the words after `python` that say what it shall run."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is sys.stdin:
                    for process in self.running:
                        os.kill(process, signal.SIGKILL)
                    sys.exit()
                elif key.fileobj is self.woken:
                    self.woken.recv(1000)
                elif key.fileobj is self.listening:
                    request = self.accept()
                    if request and not self.fork(request):
                        return request.words
                else:
                    self.hand_on(key.data)
            self.reap()

    def accept(self) -> Request | None:
        """Return what is asked for, if a fork of this process can be that."""
        connection = self.listening.accept()[0]
        length, files, _, _ = socket.recv_fds(connection, LENGTH, 3)
        # Half a request is that of a process that was killed.
        with connection.makefile("rb") as stream, suppress(OSError, ValueError):
            request = Request(connection, files, **json.loads(stream.read(int.from_bytes(length, "big"))))
            if _read_by_libraries(request.variables) == _read_by_libraries(os.environ):
                connection.sendall(b"y")
                return request
        connection.close()
        for file in files:
            os.close(file)
        return None

    def fork(self, request: Request) -> int:
        """Start a fork, and return its number; in the fork, which is what was asked for, return 0."""
        process = os.fork()
        if process:
            self.running[process] = request
            self.selector.register(request.connection, selectors.EVENT_READ, process)
            for file in request.files:
                os.close(file)
            return process
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        others = [other.connection for other in self.running.values()]
        for own in (self.selector, self.listening, self.woken, self.wake, request.connection, *others):
            own.close()
        request.become()
        return 0

    def hand_on(self, process: int) -> None:
        """Hand on a signal that whoever asked for a process got, or kill the process with whoever was killed."""
        connection = self.running[process].connection
        try:
            number = connection.recv(1)
        except OSError:
            number = b""
        if not number:
            self.selector.unregister(connection)
        os.kill(process, number[0] if number else signal.SIGKILL)

    def reap(self) -> None:
        """Look which forks have ended."""
        for process in list(self.running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                request = self.running.pop(process)
                with suppress(KeyError):
                    self.selector.unregister(request.connection)
                request.ended(status)


def _read_by_libraries(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that libraries read when they are imported; where the package is found concerns none."""
    return {key: value for key, value in variables.items() if key.startswith(READ_BY_LIBRARIES) and key != "PYTHONPATH"}


def run(words: Sequence[str]) -> int:
    """Run a script or a module as a program, and return the exit code."""
    try:
        if words[0] == "-m":
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            script = sys.modules["__main__"] = types.ModuleType("__main__")
            script.__file__ = words[0]
            exec(compile(Path(words[0]).read_bytes(), words[0], "exec"), vars(script))
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def leave() -> None:
    """End a fork without freeing what it shares with the server, which takes half a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(codes[0])


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    # JAX warns of each fork: its threads would be missing in it, of which there are none before it computes.
    warnings.filterwarnings("ignore", message="os.fork", category=RuntimeWarning)
    codes = [0]
    atexit.register(leave)  # before all others, that is, called after them
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # a collection would copy each page that the forks share
    server = Server(sys.argv[1])
    sys.executable = sys.argv[2]  # what the forks start with their own Python is a fork, too
    print("ready", flush=True)
    codes[0] = run(server.serve())
