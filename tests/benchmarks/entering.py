"""Starting the contestants on one database, and asking them."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.benchmarks.asking.questions import Question, Subject
from tests.benchmarks.contestants import NODE, Contestant
from tests.benchmarks.data.samples import Samples
from tests.benchmarks.generator import Operation
from tests.benchmarks.node_packages import install
from tests.benchmarks.processes import free_port, running
from tests.benchmarks.workloads import Workload

_LAST_WORDS = 2_000
_PATIENCE = 60.0
"""Seconds that one answer may take; some contestants read half of the data to find a cursor."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contestant that runs: where, and what it is asked about."""

    name: str
    contestant: Contestant
    port: int
    samples: Samples
    log: Path
    token: str = ""

    @property
    def last_words(self) -> str:
        """The end of what the contestant has printed."""
        return self.log.read_text()[-_LAST_WORDS:]

    def takes_part_in(self, workload: Workload) -> bool:
        """Say whether the contestant can be asked for this."""
        return workload.asks in self.contestant.questions

    def subjects(self, workload: Workload) -> list[Subject]:
        """Return what this entrant is asked about, one subject for each operation."""
        common = {"organizationId": self.samples.organization, "userId": self.samples.user}
        if workload.deep:
            common["after"] = self._cursor(common)
        return [{**common, **subject} for subject in workload.subjects(self.samples)]

    def answers(self, workload: Workload, subject: Subject) -> list[Any]:
        """Do one operation, and return the plain structure of each answer.

        Raises:
            ValueError: an answer is not what was asked for.
        """
        return [
            question.answer(self._ask(question, subject))
            for question in self.contestant.questions[workload.asks]
        ]

    def operation(self, workload: Workload, subject: Subject) -> Operation:
        """Return the complete HTTP requests of one operation."""
        return tuple(
            self._request(question, subject) for question in self.contestant.questions[workload.asks]
        )

    def _cursor(self, common: Subject) -> str:
        """Return the cursor behind the first half of the longest list."""
        questions = self.contestant.questions
        (question,) = questions.get("cursor", questions["W6"])
        half = {"first": self.samples.before_halfway, "halfway": self.samples.halfway}
        return question.end_cursor(self._ask(question, {**common, **half}))

    def _ask(self, question: Question, subject: Subject) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        try:
            connection.request("POST", question.path, question.request(subject), self._headers())
            return connection.getresponse().read()
        finally:
            connection.close()

    def _request(self, question: Question, subject: Subject) -> bytes:
        body = question.request(subject)
        headers = self._headers() | {"Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {question.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def _headers(self) -> dict[str, str]:
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Content-Type": "application/json", "Accept": "application/json", **authorization}


@contextmanager
def entered(
    contestants: Sequence[Contestant], url: str, samples: Samples, *, logs: Path
) -> Iterator[list[Entrant]]:
    """Run the contestants on one database until the block ends.

    Raises:
        RuntimeError: one of them did not start; the message holds its log.
    """
    if any(contestant.directory == NODE for contestant in contestants):
        install(NODE)
    with ExitStack() as stack:
        entrants = [
            Entrant(
                *(each.name, each, free_port(), samples, logs / f"{each.name}.log"), token=_token(each, url)
            )
            for each in contestants
        ]
        for entrant in entrants:
            stack.enter_context(_running(entrant, url))
        yield entrants


def _token(contestant: Contestant, url: str) -> str:
    if not contestant.sign_in:
        return ""
    command = [part.format(name=uuid4()) for part in contestant.sign_in]
    environment = os.environ | {"DEALDESK_DATABASE_URL": url}
    return subprocess.check_output(command, env=environment, text=True).split()[-1]  # noqa: S603 - the benchmark's own


def _running(entrant: Entrant, url: str) -> Any:
    contestant = entrant.contestant
    environment = {
        "DATABASE_URL": url,
        "DEALDESK_DATABASE_URL": url,
        "DEALDESK_LIMITS__BUCKET": "0",  # one user asks as much as many do
        "PORT": str(entrant.port),
        "ORGANIZATION_ID": entrant.samples.organization,
        "USER_ID": entrant.samples.user,
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    return running(
        [part.format(port=entrant.port) for part in contestant.command],
        entrant.port,
        directory=contestant.directory,
        environment=environment,
        log=entrant.log,
    )
