"""Who is told of what the server does."""

from api.observability.logs import log_operation, log_request
from api.observability.metrics import Metrics
from api.observability.request_middleware import RequestObserver as ObserveRequest
from api.transports.trusted_documents import TrustedDocuments
from schema.execution.observer import OperationObserver as ObserveOperation


class Observers:
    """The observers of operations and of requests over HTTP: nobody, unless somebody wants to know."""

    def __init__(self, documents: TrustedDocuments, *, access_log: bool, metrics: bool) -> None:
        self.metrics = Metrics(documents.by_id.values())
        self.operations: list[ObserveOperation] = []
        self.requests: list[ObserveRequest] = []
        if access_log:
            self.operations.append(log_operation)
            self.requests.append(log_request)
        if metrics:
            self.operations.append(self.metrics.count_operation)
            self.requests.append(self.metrics.count_response)
