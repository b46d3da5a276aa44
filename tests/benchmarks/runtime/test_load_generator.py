"""The load generator recognizes the end of an HTTP response."""

import pytest

from tests.benchmarks.runtime.load_generator import is_complete


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_response_is_complete_at_its_last_byte_and_not_before(answer: bytes) -> None:
    assert is_complete(answer)
    assert not any(is_complete(answer[:length]) for length in range(len(answer)))
