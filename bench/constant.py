"""Granian answering a constant: python -m bench.constant FILE PORT WORKERS THREADS, with segmentary's settings."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces


class _Target:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __call__(self, *_: object) -> Callable[[Mapping[str, Any], Callable[..., Any]], list[bytes]]:
        body = self._body
        headers = [("content-type", "application/json"), ("content-length", str(len(body)))]

        def answer(_environment: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
            start_response("200 OK", headers)
            return [body]

        return answer


def main() -> None:
    """Serve until SIGTERM."""
    file, port, workers, threads = sys.argv[1:]
    server = Granian(
        "constant",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(workers),
        blocking_threads=int(threads),
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    server.serve(target_loader=_Target(Path(file).read_bytes()), wrap_loader=False)


if __name__ == "__main__":
    main()
