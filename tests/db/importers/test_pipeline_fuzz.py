"""Mutated files: each row is landed, unchanged, rejected, or in a part that is reported as not read."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from sqlmodel import select

from db import models
from db.importers.csv_reader import ImportSourceError
from db.importers.pipeline.importer import import_pipeline
from db.importers.pipeline.records import read_pipeline
from db.importers.pipeline.writer import write_pipeline
from db.importers.report import EntityKind, ImportSummary
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from tests.builders import NOW
from tests.db.importers.pipeline_files import LOST, PROSPECTING, TEAMS, WON, pipeline_files

FILES = {
    "sales_teams.csv": "sales_agent,manager,regional_office",
    "accounts.csv": "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
    "products.csv": "product,series,sales_price",
    "sales_pipeline.csv": (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
    ),
}
"""The first line of each file."""

ACCOUNTS = (
    'Isdom,medical,2002,3178.24,4540,"United States",',
    '"Käse, ""Brot"" & Söhne",retail,1990,12.5,30,Österreich,Isdom',
    "Zed,technolgy,1985,,,Kenya,Käse und Co",
    '"Two\nLines",services,2010,1,2,"Norway\n(north)",Isdom',
)
PRODUCTS = ("GTX Pro,GTX,4821", '"MG ""Special""",MG,55', "MG Special,MG,55")
PIPELINE = (
    WON,
    LOST,
    PROSPECTING,
    'ENG1,Ann Lee,"MG ""Special""","Käse, ""Brot"" & Söhne",Engaging,2026-10-02,,',
    'WON2,Zoë Ek,GTXPro,"Two\nLines",Won,2026-01-05,2026-03-01,9',
    "ENG2,Zoë Ek,GTX Pro,,Engaging,2026-10-02,,",
)


@dataclass
class Oracle:
    """What a file holds: its rows with text by their first line, and the line from which on it is not CSV."""

    header: list[str] | None = None
    rows: dict[int, list[str]] = field(default_factory=dict)
    broken: int | None = None

    def add(self, line: int, row: list[str]) -> None:
        if self.header is None:
            self.header = row
        elif any(text.strip() for text in row):
            self.rows[line] = row


def read_slowly(text: str) -> Oracle:
    """Read CSV one character at a time; lines end with a line feed."""
    oracle = Oracle()
    state, value, row = "begin", "", list[str]()
    line = field_line = row_line = 1
    for character in text if text.endswith("\n") or not text else f"{text}\n":
        line += character == "\n"
        match state, character:
            case "quoted", '"':
                state = "closed"
            case "quoted", _:
                value += character
            case _, ("," | "\n"):
                row, state, value, field_line = [*row, value], "begin", "", line
                if character == "\n":
                    oracle.add(row_line, row)
                    row, row_line = [], line
            case "begin", '"':
                state = "quoted"
            case "closed", '"':
                state, value = "quoted", f'{value}"'
            case ("closed", _) | (_, '"'):
                break
            case _:
                state, value = "plain", f"{value}{character}"
    if state != "begin":
        oracle.broken = field_line
    return oracle


def cut(content: bytes, random: Random) -> bytes:
    begin, end = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return random.choice((content[:begin], content[:begin] + content[end:]))


def double(content: bytes, random: Random) -> bytes:
    begin, end = sorted(random.randrange(len(content) + 1) for _ in range(2))
    lines = content.splitlines(keepends=True)
    number = random.randrange(len(lines)) if lines else 0
    return random.choice(
        (
            content[:end] + content[begin:],
            b"".join([*lines[:number], *lines[number : number + 1], *lines[number:]]),
        )
    )


def insert(content: bytes, random: Random) -> bytes:
    position = random.randrange(len(content) + 1)
    new = random.choice(
        [b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b" ", b";", b"\xff", b",,,,,,,\r\n", b"0"]
    )
    return content[:position] + new + content[position:]


def encode_again(content: bytes, random: Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return random.choice(
        (
            text.encode("utf-16"),
            text.encode("cp1252", "replace"),
            b"\xef\xbb\xbf" + content,
            content.replace(b"\r\n", b"\n"),
            content.replace(b"\r\n", b"\r"),
            content.replace(b"\n", b"\n\n"),
            text.encode("latin-1", "replace").decode("latin-1").encode(),
            text.swapcase().encode(),
        )
    )


def quote_again(content: bytes, random: Random) -> bytes:
    text = content.decode("utf-8", "replace")
    quotes = [position for position, character in enumerate(text) if character == '"']
    match random.randrange(4):
        case 0 if quotes:
            position = random.choice(quotes)
            text = text[:position] + text[position + 1 :]
        case 1:
            written = io.StringIO(newline="")
            csv.writer(written, quoting=csv.QUOTE_ALL).writerows(csv.reader(io.StringIO(text, newline="")))
            text = written.getvalue()
        case 2:
            text = text.replace('"', "")
        case _:
            text = (
                text.replace('"', "'")
                if random.random() < 0.1
                else text.replace(",", '","', random.randrange(4))
            )
    return text.encode()


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (cut, double, insert, encode_again, quote_again)


def mutate(directory: Path, originals: dict[str, bytes], random: Random) -> None:
    contents = dict(originals)
    for _ in range(random.randint(1, 3)):
        name = random.choice(list(FILES))
        contents[name] = random.choice(MUTATIONS)(contents[name], random)
    for name, content in contents.items():
        (directory / name).write_bytes(content)


class UndoError(Exception):
    """Rolls the import of one mutation back."""


_USERS = Statement(select(models.User.name))
_ACCOUNTS = Statement(select(models.Account.name))
_OPPORTUNITIES = Statement(select(models.Opportunity.external_reference))


@pytest.mark.parametrize("number", [150, pytest.param(20_000, marks=pytest.mark.long)])
async def test_every_row_of_a_mutated_file_is_accounted_for(
    number: int, sqlite: Database, tmp_path: Path
) -> None:
    """On SQLite: reading and counting are the same on both databases."""
    teams = (*TEAMS, "Zoë Ek,Bo Mei-Ek,East")
    pipeline_files(tmp_path, PIPELINE[:2], teams=teams[:2], accounts=ACCOUNTS[:2], products=PRODUCTS)
    await import_pipeline(sqlite, tmp_path, now=NOW)
    pipeline_files(tmp_path, PIPELINE, teams=teams, accounts=ACCOUNTS, products=PRODUCTS)
    originals = {name: (tmp_path / name).read_bytes() for name in FILES}
    outcomes: Counter[str] = Counter()
    for seed in range(number):
        mutate(tmp_path, originals, Random(seed))
        try:
            outcomes.update(await import_and_check(sqlite, tmp_path))
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
    assert outcomes.keys() == {"landed", "unchanged", "rejected", "not read", "refused"}


async def import_and_check(database: Database, directory: Path) -> list[str]:
    """Import the files, check each row of each file, undo the import, and return what became of the rows."""
    oracles = {name: oracle_of(directory / name) for name in FILES}
    try:
        pipeline = read_pipeline(directory, today=NOW.date())
    except ImportSourceError as error:
        return ["refused"] if is_refused(str(error), oracles) else [str(error)]
    outcomes: list[str] = []

    async def work(transaction: Transaction) -> None:
        summary = await write_pipeline(transaction, pipeline, now=NOW, progress=lambda *_: None)
        stored = {
            "sales_teams.csv": {name for (name,) in await transaction.rows(_USERS)},
            "accounts.csv": {name for (name,) in await transaction.rows(_ACCOUNTS)},
            "sales_pipeline.csv": {name for (name,) in await transaction.rows(_OPPORTUNITIES)},
        }
        outcomes.extend(check(summary, oracles, stored))
        raise UndoError

    with suppress(UndoError):
        await database.write(work)
    return outcomes


def oracle_of(file: Path) -> Oracle | None:
    try:
        return read_slowly(file.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def is_refused(message: str, oracles: dict[str, Oracle | None]) -> bool:
    """Return whether a file deserves to be refused as a whole for the reason that the message gives."""
    [name] = [name for name in FILES if message.startswith(name)]
    oracle = oracles[name]
    if oracle is None:
        return message.endswith(" is not in UTF-8.")
    if oracle.header is None and oracle.broken:
        return message.startswith(f"{name} is not a CSV file: line {oracle.broken}: ")
    if oracle.header != FILES[name].split(","):
        return message.startswith(f"{name} must begin with the line ")
    return message.startswith("sales_teams.csv contains no ")


def check(
    summary: ImportSummary, oracles: dict[str, Oracle | None], stored: dict[str, set[str]]
) -> Iterator[str]:
    """Check the rows of all files; yield what became of each."""
    rejected = Counter((row.file, row.line) for row in summary.rejected)
    unreadable = {rest.file: rest.line for rest in summary.unreadable}
    for name, oracle in oracles.items():
        assert oracle is not None
        assert unreadable.get(name) == oracle.broken, name
        assert summary.row_counts[name] == len(oracle.rows), name
        if oracle.broken:
            yield "not read"
        accepted = 0
        for line, row in oracle.rows.items():
            key = row[0].strip()
            if rejected.pop((name, line), 0):
                yield "rejected"
                continue
            accepted += 1
            assert len(row) == len(FILES[name].split(","))
            assert name == "products.csv" or key in stored[name], (name, line)
        kind = {"accounts.csv": EntityKind.ACCOUNT, "sales_pipeline.csv": EntityKind.OPPORTUNITY}.get(name)
        if kind:
            extra = kind == EntityKind.ACCOUNT and "No account yet" in stored[name]
            assert summary.imported[kind] + summary.existing[kind] - extra == accepted, name
            yield from ["landed"] * summary.imported[kind] + ["unchanged"] * summary.existing[kind]
    assert not rejected, "a rejected line is no row of its file"
