"""Who is told of what the server does."""

from api.boundary import Observe as ObserveRequest
from api.documents import Documents
from api.logs import log_operation, log_request
from api.metrics import Metrics
from schema.execution.observer import Observe as ObserveOperation


class Watch:
    """The observers of operations and of requests over HTTP: nobody, unless somebody wants to know."""

    def __init__(self, documents: Documents, *, access_log: bool, metrics: bool) -> None:
        self.metrics = Metrics(documents.by_id.values())
        self.operations: list[ObserveOperation] = []
        self.requests: list[ObserveRequest] = []
        if access_log:
            self.operations.append(log_operation)
            self.requests.append(log_request)
        if metrics:
            self.operations.append(self.metrics.count_operation)
            self.requests.append(self.metrics.count_response)
