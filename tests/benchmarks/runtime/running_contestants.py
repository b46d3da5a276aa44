"""Run the contestants on one database, and send them single requests."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.benchmarks.contestants import NODE, Contestant
from tests.benchmarks.data.samples import Samples
from tests.benchmarks.requests.templates import Parameters, RequestTemplate
from tests.benchmarks.runtime.load_generator import Operation
from tests.benchmarks.runtime.node_packages import install
from tests.benchmarks.runtime.processes import run_process
from tests.benchmarks.workloads import Workload
from tests.postgres import free_port

_LOG_TAIL_CHARACTERS = 2_000
_TIMEOUT_SECONDS = 60.0
"""Time for one response; some contestants read half of the data to find a cursor."""


@dataclass(frozen=True, slots=True)
class RunningContestant:
    """A contestant with its port, its log, and the ids that its requests use."""

    name: str
    contestant: Contestant
    port: int
    samples: Samples
    log: Path
    token: str = ""

    @property
    def log_tail(self) -> str:
        """The end of the log."""
        return self.log.read_text()[-_LOG_TAIL_CHARACTERS:]

    def supports(self, workload: Workload) -> bool:
        """Return whether the contestant has requests for a workload."""
        return workload.request in self.contestant.templates

    def parameter_sets(self, workload: Workload) -> list[Parameters]:
        """Return the parameters of each operation of a workload."""
        common = {"organizationId": self.samples.organization, "userId": self.samples.user}
        if workload.is_deep:
            common["after"] = self._cursor(common)
        return [{**common, **parameters} for parameters in workload.parameter_sets(self.samples)]

    def responses(self, workload: Workload, parameters: Parameters) -> list[Any]:
        """Run one operation; return the normalized data of each response.

        Raises:
            ValueError: a response has errors.
        """
        return [
            template.decode(self._send(template, parameters))
            for template in self.contestant.templates[workload.request]
        ]

    def operation(self, workload: Workload, parameters: Parameters) -> Operation:
        """Return the complete HTTP requests of one operation."""
        return tuple(
            self._request(template, parameters) for template in self.contestant.templates[workload.request]
        )

    def _cursor(self, common: Parameters) -> str:
        """Return the cursor of the last row in the first half of the longest list."""
        templates = self.contestant.templates
        (template,) = templates.get("cursor", templates["W6"])
        half = {"first": self.samples.before_halfway, "halfway": self.samples.halfway}
        return template.end_cursor(self._send(template, {**common, **half}))

    def _send(self, template: RequestTemplate, parameters: Parameters) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", template.path, template.encode(parameters), self._headers())
            return connection.getresponse().read()
        finally:
            connection.close()

    def _request(self, template: RequestTemplate, parameters: Parameters) -> bytes:
        body = template.encode(parameters)
        headers = self._headers() | {"Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {template.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def _headers(self) -> dict[str, str]:
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Content-Type": "application/json", "Accept": "application/json", **authorization}


@contextmanager
def run_contestants(
    contestants: Sequence[Contestant], url: str, samples: Samples, *, logs: Path
) -> Iterator[list[RunningContestant]]:
    """Run the contestants on one database until the block ends.

    Raises:
        RuntimeError: one of them did not start; the message contains its log.
    """
    if any(contestant.directory == NODE for contestant in contestants):
        install(NODE)
    with ExitStack() as stack:
        running_contestants = [
            RunningContestant(
                *(each.name, each, free_port(), samples, logs / f"{each.name}.log"), token=_token(each, url)
            )
            for each in contestants
        ]
        for running in running_contestants:
            stack.enter_context(_running(running, url))
        yield running_contestants


def _token(contestant: Contestant, url: str) -> str:
    if not contestant.sign_in:
        return ""
    command = [part.format(name=uuid4()) for part in contestant.sign_in]
    environment = os.environ | {"DEALDESK_DATABASE_URL": url}
    output = subprocess.check_output(command, env=environment, text=True, timeout=_TIMEOUT_SECONDS)  # noqa: S603 - a command of the benchmark
    return output.split()[-1]


def _running(running: RunningContestant, url: str) -> Any:
    contestant = running.contestant
    environment = {
        "DATABASE_URL": url,
        "DEALDESK_DATABASE_URL": url,
        "DEALDESK_LIMITS__BUCKET": "0",  # one user sends the load of many
        "DEALDESK_LIMITS__DATABASE_BUCKET": "0",
        "PORT": str(running.port),
        "ORGANIZATION_ID": running.samples.organization,
        "USER_ID": running.samples.user,
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    return run_process(
        [part.format(port=running.port) for part in contestant.command],
        running.port,
        directory=contestant.directory,
        environment=environment,
        log=running.log,
    )
