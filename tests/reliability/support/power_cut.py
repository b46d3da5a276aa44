"""What a power cut leaves of a SQLite database: what was synchronised, and nothing of what was only written.

Between SQLite and the system stands a layer of ours (https://sqlite.org/vfs.html). It hands everything on,
and keeps a second copy of each file that changes only when SQLite asks for the disk's word.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

_OK = 0
_NAME = b"dealdesk-power"


class _File(Structure):
    """``sqlite3_file``."""


_WRITE = CFUNCTYPE(c_int, POINTER(_File), c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, POINTER(_File), c_int64)
_SYNC = CFUNCTYPE(c_int, POINTER(_File), c_int)


class _Methods(Structure):
    """``sqlite3_io_methods``, version 3."""

    _fields_ = (
        *(("version", c_int), ("close", c_void_p), ("read", c_void_p)),
        *(("write", _WRITE), ("truncate", _TRUNCATE), ("sync", _SYNC)),
        ("others", c_void_p * 13),
    )


_File._fields_ = (("methods", POINTER(_Methods)),)


class _Vfs(Structure):
    """``sqlite3_vfs``, version 3."""


# SQLite goes on to use the name where it is, so it is passed on as an address.
_OPEN = CFUNCTYPE(c_int, POINTER(_Vfs), c_void_p, POINTER(_File), c_int, POINTER(c_int))
_Vfs._fields_ = (
    *(("version", c_int), ("file_size", c_int), ("longest_path", c_int), ("next", c_void_p)),
    *(("name", c_char_p), ("data", c_void_p), ("open", _OPEN), ("others", c_void_p * 15)),
)


@dataclass
class _Copy:
    """A file as the disk has it, and what was done to it since: where, and which bytes; None cuts it off."""

    synchronised: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def synchronise(self) -> None:
        for place, written in self.pending:
            if written is None:
                del self.synchronised[place:]
                continue
            self.synchronised.extend(bytes(max(0, place - len(self.synchronised))))
            self.synchronised[place : place + len(written)] = written
        self.pending.clear()


class Disk:
    """The files of all databases that are opened while it is there."""

    def __init__(self, sqlite: Any) -> None:
        self._copies: dict[str, _Copy] = {}
        self._paths: dict[int, str] = {}
        self._lock = Lock()
        self._system: Any = sqlite.sqlite3_vfs_find(None).contents
        self._system_methods: dict[int, _Methods] = {}
        self._methods: dict[int, _Methods] = {}
        self.vfs = _Vfs.from_buffer_copy(self._system)
        self.vfs.name = _NAME
        self.vfs.open = _OPEN(self._opened)
        self._write, self._truncate, self._sync = (
            _WRITE(self._written),
            _TRUNCATE(self._cut),
            _SYNC(self._synced),
        )

    def after_power_cut(self, path: Path, directory: Path) -> Path:
        """Put into a directory what is left of a database, and return where it is."""
        with self._lock:
            left = {name: bytes(copy.synchronised) for name, copy in self._copies.items()}
        for suffix in ("", "-wal"):
            (directory / f"left.db{suffix}").write_bytes(left.get(f"{path}{suffix}", b""))
        return directory / "left.db"

    def _opened(self, _vfs: Any, name: int | None, file: Any, flags: int, told: Any) -> int:
        status: int = self._system.open(ctypes.byref(self._system), name, file, flags, told)
        if status == _OK and name is not None:
            self._watch(Path(ctypes.string_at(name).decode()), file)
        return status

    def _watch(self, path: Path, file: Any) -> None:
        address = ctypes.addressof(file.contents)
        methods = file.contents.methods.contents
        with self._lock:
            self._paths[address] = str(path)
            self._copies.setdefault(str(path), _Copy(bytearray(path.read_bytes())))
            self._system_methods[address] = methods
            self._methods[address] = _Methods.from_buffer_copy(methods)
            self._methods[address].write = self._write
            self._methods[address].truncate = self._truncate
            self._methods[address].sync = self._sync
            file.contents.methods = ctypes.pointer(self._methods[address])

    def _written(self, file: Any, data: int, size: int, place: int) -> int:
        address = ctypes.addressof(file.contents)
        with self._lock:
            self._copies[self._paths[address]].pending.append((place, ctypes.string_at(data, size)))
        status: int = self._system_methods[address].write(file, data, size, place)
        return status

    def _cut(self, file: Any, size: int) -> int:
        address = ctypes.addressof(file.contents)
        with self._lock:
            self._copies[self._paths[address]].pending.append((size, None))
        status: int = self._system_methods[address].truncate(file, size)
        return status

    def _synced(self, file: Any, flags: int) -> int:
        address = ctypes.addressof(file.contents)
        status: int = self._system_methods[address].sync(file, flags)
        if status == _OK:
            with self._lock:
                self._copies[self._paths[address]].synchronise()
        return status


@contextmanager
def watched_disk() -> Iterator[Disk]:
    """Watch every database that is opened, and closed again, in the block.

    Raises:
        OSError: this Python's SQLite is part of it, where nothing can be put in between.
    """
    sqlite = ctypes.CDLL(_library())
    sqlite.sqlite3_vfs_find.restype = POINTER(_Vfs)
    disk = Disk(sqlite)
    sqlite.sqlite3_vfs_register(ctypes.byref(disk.vfs), 1)
    try:
        yield disk
    finally:
        sqlite.sqlite3_vfs_unregister(ctypes.byref(disk.vfs))


def _library() -> str:
    for line in Path("/proc/self/maps").read_text().splitlines():
        if "libsqlite3" in line:
            return line.split()[-1]
    raise OSError
