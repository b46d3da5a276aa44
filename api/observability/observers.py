"""The observers that the options of ``dealdesk serve`` select."""

from api.observability.logs import log_operation, log_request
from api.observability.metrics import Metrics
from api.observability.request_middleware import RequestObserver
from api.transports.trusted_documents import TrustedDocuments
from schema.execution.observer import OperationObserver


class Observers:
    """Observers of operations and of HTTP requests: the access log and the metrics, if they are enabled."""

    def __init__(self, documents: TrustedDocuments, *, access_log: bool, metrics: bool) -> None:
        self.metrics = Metrics(documents.by_id.values())
        self.operations: list[OperationObserver] = []
        self.requests: list[RequestObserver] = []
        if access_log:
            self.operations.append(log_operation)
            self.requests.append(log_request)
        if metrics:
            self.operations.append(self.metrics.count_operation)
            self.requests.append(self.metrics.count_response)
