"""Hanging up on clients whose request bodies do not arrive, and on those that do not read their answers.

Granian has a limit of time for headers, none for bodies (its issue 728, closed as not planned) and answers. It does not
tell the application which connection a request came by. Nor can a read that waits be given up: once an answer is sent
while another thread still reads the body, the whole worker stands still (seen with Granian 2.8.7). But a read ends when
its connection does, and so does an answer that is made while it is sent. So the worker looks through its connections
for those from an address that keeps us waiting, and shuts some down:

body      on which nothing was sent for as long as a body may take: whoever is being read from has been sent nothing
          since its request began. Of other requests from that address only those are hit whose answers take as long.
answer    in whose queue there is something to send, and on which nothing arrived for as long as an answer may take; or
          whatever arrived there, once the answer was kept for twice as long.

Linux tells when something was last sent and received, and lists the connections of a process; elsewhere both wait until
the client hangs up, and the other half of the threads (`segmentary.api.body`) and of the database connections go on.
"""

import fcntl
import logging
import os
import socket
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from segmentary.api.body import Bodies
from segmentary.api.time_limit import Answers
from segmentary.settings import Settings

LOG = logging.getLogger("segmentary")
CHECK_SECONDS = 1.0
OWN_FILES = Path("/proc/self/fd")
# struct tcp_info of linux/tcp.h: the places of tcpi_last_data_sent and tcpi_last_data_recv, milliseconds ago
TCP_INFO_BYTES, LAST_DATA_SENT, LAST_DATA_RECEIVED = 104, 44, 52
EVADING = 2.0


def watch(bodies: Bodies, answers: Answers, settings: Settings) -> None:
    """Hang up, from now on, on clients that take too long for a body or an answer."""
    if sys.platform == "linux":
        threading.Thread(target=_watch, args=(bodies, answers, settings), name="connections", daemon=True).start()


def _watch(bodies: Bodies, answers: Answers, settings: Settings) -> None:
    while True:
        time.sleep(CHECK_SECONDS)
        owing, keeping = bodies.overdue(), answers.overdue()
        if not owing and not keeping:
            continue

        def reason(address: str, line: socket.socket) -> str | None:
            if address in owing and _idle(line, LAST_DATA_SENT) >= settings.body_seconds:  # noqa: B023, called at once
                return "the body of its request did not arrive"
            times = keeping.get(address)  # noqa: B023, the same
            if times is None or not _queued(line):
                return None
            is_old = times > EVADING or _idle(line, LAST_DATA_RECEIVED) >= settings.request_seconds
            return "it did not read its answer" if is_old else None

        for file in OWN_FILES.iterdir():
            _hang_up(int(file.name), settings.port, reason)


def _hang_up(file: int, port: int, reason: Callable[[str, socket.socket], str | None]) -> None:
    """Shut a connection down if it is one of ours and there is a reason to."""
    try:
        # A descriptor of its own: the number may stand for another file a moment later.
        with socket.socket(fileno=os.dup(file)) as connection:
            peer, own = connection.getpeername(), connection.getsockname()
            told = reason(str(ip_address(peer[0])), connection) if own[1] == port else None
            if told:
                LOG.warning("hung up on %s port %s: %s", peer[0], peer[1], told)
                connection.shutdown(socket.SHUT_RDWR)
    except (OSError, ValueError, IndexError):
        return  # no socket, no connection, or closed by now


def _idle(connection: socket.socket, place: int) -> float:
    """Return for how many seconds nothing was sent, or received."""
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    return float(struct.unpack_from("=I", told, place)[0]) / 1000


def _queued(connection: socket.socket) -> int:
    """Return how many bytes wait to be sent or acknowledged."""
    told = fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0\0\0\0")
    return int(struct.unpack("=i", told)[0])
