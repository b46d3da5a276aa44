"""GraphiQL on a CDN, for a page that was not bundled at installation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CdnFile:
    """A file of a published package. Browsers load it only if it has this hash (Subresource Integrity)."""

    path: str
    integrity: str

    @property
    def url(self) -> str:
        """The URL of the file."""
        return f"https://cdn.jsdelivr.net/npm/{self.path}"


# GraphiQL 4 is the last version in a single file, which one hash can cover.
STYLE = CdnFile(
    "graphiql@4.1.2/graphiql.min.css",
    "sha384-1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
)
SCRIPTS = (
    CdnFile(
        "react@18.3.1/umd/react.production.min.js",
        "sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    CdnFile(
        "react-dom@18.3.1/umd/react-dom.production.min.js",
        "sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    CdnFile(
        "graphiql@4.1.2/graphiql.min.js",
        "sha384-9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    ),
)
"""In the order in which the page must load them."""
