"""Programs in Python that are imported once and forked for each run, for the import takes most of a short run.

    a test, or the shim that stands in for the program --socket--> this file as a program, with modules imported
                                                                   +- fork: keeper, tells number and status
                                                                      +- fork: the run

A run is a process of its own, with the arguments, folder, environment and streams it is given, and knows nothing of
other runs: what it shares with them is the import. What is about starting itself runs the installed program. Only the
standard library is used here: the Pythons of other environments run this file too.
"""

import atexit
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path

START_SECONDS = 60
STREAMS = (0, 1, 2)
_LONGEST_REQUEST = 1 << 20


class Run:
    """One run of a program; as much of `subprocess.Popen` as is needed."""

    def __init__(
        self,
        address: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: Sequence[int],
    ) -> None:
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(address)
        variables = [f"{name}={value}" for name, value in environment.items()]
        request = "\0".join([str(len(arguments)), *arguments, str(folder), *variables])
        socket.send_fds(self._connection, [os.fsencode(request)], list(streams))
        self.pid = int(self._connection.recv(64))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Return the status when it has ended; raise `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int(self._connection.recv(64))
            self._connection.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the status if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """A Python that has imported a program and forks for each run of it, until this process ends."""

    def __init__(self, python: Path, name: str, entry: str, *modules: str) -> None:
        self._python, self._name = python, name
        self._folder = Path(tempfile.mkdtemp(prefix="segmentary-test-forks-"))
        self._address = str(self._folder / "socket")
        # It ends, and removes the folder, when its standard input does, however this process comes to its end.
        self._process = subprocess.Popen(
            [str(python), "-I", __file__, "serve", self._address, name, entry, *modules], stdin=subprocess.PIPE
        )
        atexit.register(self.close)
        deadline = time.monotonic() + START_SECONDS
        while not Path(self._address).exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{entry} is not ready to be forked")
            time.sleep(0.01)

    def run(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: int) -> Run:
        """Start a run with nothing to read, whose both outputs are one."""
        with Path(os.devnull).open() as nothing:
            streams = (nothing.fileno(), output, output)
            return Run(self._address, [self._name, *arguments], folder, environment, streams)

    @cached_property
    def shim(self) -> Path:
        """A program of the same name whose runs are forks, with its arguments, folder, environment and streams."""
        path = self._folder / self._name
        command = [str(self._python), "-IS", __file__, "stand-in", self._address, self._name]
        path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        path.chmod(0o755)
        return path

    def close(self) -> None:
        """Fork no more; what runs goes on."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def _stand_in(address: str, arguments: Sequence[str]) -> int:
    """Have a fork run in the place of this process, which ends as it does."""
    run = Run(address, arguments, Path.cwd(), os.environ, STREAMS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: run.send_signal(got))
    status = run.wait()
    return status if status >= 0 else 128 - status


def _serve(address: str) -> None:
    """Fork for each request; return in each process that is a run."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"{address}.new")
        listener.listen(64)
        Path(f"{address}.new").rename(address)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # typed at the tests
        while True:
            if select.select([0, listener.fileno()], [], [])[0][0] == 0:
                shutil.rmtree(Path(address).parent)
                os._exit(0)
            connection, _ = listener.accept()
            if os.fork() == 0:
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    request, streams, _, _ = socket.recv_fds(connection, _LONGEST_REQUEST, len(STREAMS))
    number = os.fork()
    if number:
        _keep(connection, number, streams)
    connection.close()
    for stream, place in zip(streams, STREAMS, strict=True):
        os.dup2(stream, place)
        os.close(stream)
    count, *words = os.fsdecode(request).split("\0")
    sys.argv = words[: int(count)]
    folder, *variables = words[int(count) :]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({name: value for name, _, value in (one.partition("=") for one in variables)})


def _keep(connection: socket.socket, number: int, streams: Sequence[int]) -> None:
    """Tell the number of a run and, when it ends, its status; end this process."""
    for stream in (*streams, *STREAMS):
        os.close(stream)
    with suppress(OSError):  # whoever asked has ended
        connection.send(b"%d" % number)
    status = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    with suppress(OSError):
        connection.send(b"%d" % status)
    os._exit(0)


def _main() -> None:
    task, address, *rest = sys.argv[1:]
    if task == "stand-in":
        sys.exit(_stand_in(address, rest))
    name, entry, *modules = rest
    sys.argv = [name]
    module, _, function = entry.partition(":")
    start = getattr(import_module(module), function)
    for one in modules:
        import_module(one)
    _serve(address)
    sys.exit(start())


if __name__ == "__main__":
    _main()
