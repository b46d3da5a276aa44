"""Errors of a request that end it before its GraphQL document is read.

HttpError
├── BadRequest               400
├── DocumentError
│   ├── DocumentNotFound     400
│   └── DocumentNotTrusted   403
├── Unauthenticated
│   ├── MissingCredentials   401
│   └── InvalidCredentials   401
├── MethodNotAllowed         405
├── NotAcceptable            406
├── ContentTooLarge          413
├── UriTooLong               414
├── UnsupportedMediaType     415
└── HostNotAllowed           421
"""

from typing import ClassVar


class HttpError(Exception):
    """Base of all. ``status`` and ``headers`` belong to the response, ``code`` to the GraphQL error."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.headers: list[tuple[bytes, bytes]] = []


class BadRequest(HttpError):
    """The request is not a valid GraphQL request."""

    status = 400
    code = "BAD_REQUEST"


class DocumentError(HttpError):
    """The request is valid, but the server does not run its document."""


class DocumentNotFound(DocumentError):
    """No trusted document has the id."""

    status = 400
    code = "DOCUMENT_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__('No trusted document has this "documentId". Add the document to the manifest.')


class DocumentNotTrusted(DocumentError):
    """Only trusted documents are run, and the request sends its document as text."""

    status = 403
    code = "DOCUMENT_NOT_TRUSTED"

    def __init__(self) -> None:
        super().__init__('Only trusted documents are allowed. Send a "documentId" instead of "query".')


class Unauthenticated(HttpError):
    """The caller is not authenticated. Base of the two errors with this code."""

    status = 401
    code = "UNAUTHENTICATED"


class MissingCredentials(Unauthenticated):
    """The request has no Authorization header."""

    def __init__(self) -> None:
        super().__init__(
            "Authentication is required. Send the header `Authorization: Bearer TOKEN`."
            " `dealdesk token create` creates a token."
        )
        self.headers = [(b"www-authenticate", b"Bearer")]


class InvalidCredentials(Unauthenticated):
    """The Authorization header is not valid. The message never repeats it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.headers = [(b"www-authenticate", b'Bearer error="invalid_token"')]


class MethodNotAllowed(HttpError):
    """The method is not allowed, or not for this kind of operation; ``allowed`` becomes the Allow header."""

    status = 405
    code = "METHOD_NOT_ALLOWED"

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.headers = [(b"allow", allowed.encode())]


class NotAcceptable(HttpError):
    """The Accept header allows none of the supported media types."""

    status = 406
    code = "NOT_ACCEPTABLE"


class ContentTooLarge(HttpError):
    """The body exceeds the limit."""

    status = 413
    code = "CONTENT_TOO_LARGE"


class UriTooLong(HttpError):
    """The query string exceeds the limit."""

    status = 414
    code = "URI_TOO_LONG"


class UnsupportedMediaType(HttpError):
    """The body is not sent as JSON."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class HostNotAllowed(HttpError):
    """The Host header names a host that is not allowed."""

    status = 421
    code = "HOST_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__(
            "The host in the Host header is not allowed. Add it to DEALDESK_ALLOWED_HOSTS, or use a host that"
            " is allowed."
        )
