"""A SQLite VFS that shows what a power cut leaves of a database: only the writes that were synchronized.

The VFS (https://sqlite.org/vfs.html) forwards all calls to the system's. For each file it also keeps a copy
to which the pending writes are applied when SQLite synchronizes the file.
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
_NAME = b"dealdesk-durable"


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
    """A file as it was synchronized, and the writes since then: offset and bytes, or None to truncate."""

    synchronized: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def synchronize(self) -> None:
        for offset, data in self.pending:
            if data is None:
                del self.synchronized[offset:]
                continue
            self.synchronized.extend(bytes(max(0, offset - len(self.synchronized))))
            self.synchronized[offset : offset + len(data)] = data
        self.pending.clear()


class Disk:
    """The durable copies of the files of all databases that are opened while the VFS is registered."""

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
        """Write what is left of a database into a directory; return its path there."""
        with self._lock:
            left = {name: bytes(copy.synchronized) for name, copy in self._copies.items()}
        for suffix in ("", "-wal"):
            (directory / f"left.db{suffix}").write_bytes(left.get(f"{path}{suffix}", b""))
        return directory / "left.db"

    def _opened(self, _vfs: Any, name: int | None, file: Any, flags: int, out_flags: Any) -> int:
        status: int = self._system.open(ctypes.byref(self._system), name, file, flags, out_flags)
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

    def _written(self, file: Any, data: int, size: int, offset: int) -> int:
        address = ctypes.addressof(file.contents)
        with self._lock:
            self._copies[self._paths[address]].pending.append((offset, ctypes.string_at(data, size)))
        status: int = self._system_methods[address].write(file, data, size, offset)
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
                self._copies[self._paths[address]].synchronize()
        return status


@contextmanager
def durable_disk() -> Iterator[Disk]:
    """Register the VFS as the default one while the block runs; close the databases within it.

    Raises:
        OSError: SQLite is linked statically into this Python, which offers no way to its functions.
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
