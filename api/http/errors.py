"""Every way in which a request is refused before its GraphQL is looked at.

HttpRefusal
├── BadRequest              400
├── DocumentRefusal
│   ├── UnknownDocument     400
│   └── UntrustedDocument   403
├── Unauthenticated
│   ├── NoCredential        401
│   └── BadCredential       401
├── MethodNotAllowed        405
├── NotAcceptable           406
├── ContentTooLarge         413
├── UriTooLong              414
├── UnsupportedMediaType    415
└── UnknownHost             421
"""

from typing import ClassVar


class HttpError(Exception):
    """``code`` is for programs, the message for people; ``headers`` go with the answer."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.headers: list[tuple[bytes, bytes]] = []


class BadRequest(HttpError):
    """The request is no GraphQL request."""

    status = 400
    code = "BAD_REQUEST"


class DocumentError(HttpError):
    """The request is one, but its document is not run here."""


class DocumentNotFound(DocumentError):
    """No trusted document has the id."""

    status = 400
    code = "DOCUMENT_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__('No trusted document here has this "documentId". Add it to the manifest.')


class DocumentNotTrusted(DocumentError):
    """Only trusted documents are run, and this one is not among them, or was not asked for by its id."""

    status = 403
    code = "DOCUMENT_NOT_TRUSTED"

    def __init__(self) -> None:
        super().__init__('Only trusted documents are run here. Send a "documentId" instead of "query".')


class Unauthenticated(HttpError):
    """It is not known who asks."""

    status = 401
    code = "UNAUTHENTICATED"


class MissingCredentials(Unauthenticated):
    """The request says nothing of who asks."""

    def __init__(self) -> None:
        super().__init__(
            "Say who you are: send the header `Authorization: Bearer` with a token. `dealdesk token create`"
            " makes one."
        )
        self.headers = [(b"www-authenticate", b"Bearer")]


class InvalidCredentials(Unauthenticated):
    """What the request says of who asks is of no use; the message never repeats it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.headers = [(b"www-authenticate", b'Bearer error="invalid_token"')]


class MethodNotAllowed(HttpError):
    """The method, or what it carries, is another method's; ``allowed`` are those that would do."""

    status = 405
    code = "METHOD_NOT_ALLOWED"

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.headers = [(b"allow", allowed.encode())]


class NotAcceptable(HttpError):
    """The client takes none of the media types that there are."""

    status = 406
    code = "NOT_ACCEPTABLE"


class ContentTooLarge(HttpError):
    """The body is longer than any that is needed."""

    status = 413
    code = "CONTENT_TOO_LARGE"


class UriTooLong(HttpError):
    """The parameters of a GET are longer than any that are needed."""

    status = 414
    code = "URI_TOO_LONG"


class UnsupportedMediaType(HttpError):
    """The body is in another media type than JSON."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class HostNotAllowed(HttpError):
    """The client knows the server by a name that is not its own."""

    status = 421
    code = "HOST_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__(
            "The server does not go by the name in the Host header. Use one of its own, or add this one to"
            " DEALDESK_ALLOWED_HOSTS."
        )
