"""A proxy before PostgreSQL that can lose the acknowledgement of a commit: the commit is done, nobody hears of it.

It follows the messages that the server sends; see https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

_CHUNK_BYTES = 65_536
_HEAD_BYTES = 5
_KEPT = (b"COMMIT\0", b"SELECT 1\0")
"""What CommandComplete says after a commit, and after a statement that is a transaction of its own."""


class Proxy:
    """Connections through it go on undisturbed until it is told to lose an acknowledgement.

    Args:
        server: The path of the server's unix socket.

    Attributes:
        lost: How many acknowledgements it has lost.
    """

    def __init__(self, server: str) -> None:
        self.lost = 0
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = Lock()
        self._is_to_lose: Callable[[], bool] | None = None
        self._sockets: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def lose(self, is_to_lose: Callable[[], bool]) -> None:
        """Loses one acknowledgement: of the first commit after which it is so; the connection is cut instead."""
        with self._lock:
            self._is_to_lose = is_to_lose

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            _cut(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:
                _cut(client)
                continue
            self._sockets += (client, server)
            Thread(target=self._forward_questions, args=(client, server), daemon=True).start()
            Thread(target=self._forward_answers, args=(server, client), daemon=True).start()

    def _forward_questions(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(_CHUNK_BYTES):
                server.sendall(said)
        _cut(server)

    def _forward_answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            for message in _messages(server):
                if message[:1] == b"C" and message[_HEAD_BYTES:] in _KEPT and self._loses():
                    break
                client.sendall(message)
        _cut(client)
        _cut(server)

    def _loses(self) -> bool:
        with self._lock:
            if self._is_to_lose is None or not self._is_to_lose():
                return False
            self._is_to_lose = None
            self.lost += 1
            return True


@contextmanager
def proxy(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the server of a URL, with the URL that leads through it.

    Args:
        url: Of a server on a unix socket.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    between = Proxy(f"{query.pop('host')}/.s.PGSQL.{query.pop('port')}")
    query |= {"sslmode": "disable", "gssencmode": "disable"}
    place = parts._replace(
        netloc=f"{parts.username}@127.0.0.1:{between.port}", query=urlencode(query, quote_via=quote, safe="")
    )
    try:
        yield between, place.geturl()
    finally:
        between.close()


def _messages(server: socket.socket) -> Iterator[bytes]:
    """The server's messages, one by one; each has a type and a length that counts itself."""
    begun = b""
    while said := server.recv(_CHUNK_BYTES):
        begun += said
        while len(begun) >= _HEAD_BYTES and len(begun) >= (end := 1 + int.from_bytes(begun[1:_HEAD_BYTES])):
            yield begun[:end]
            begun = begun[end:]


def _cut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
