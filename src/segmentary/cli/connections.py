"""Hanging up on clients whose request bodies do not arrive.

Granian has a limit of time for headers, none for bodies (its issue 728, closed as not planned). It does not tell the
application which connection a request came by. Nor can a read that waits be given up: once an answer is sent while
another thread still reads the body, the whole worker stands still (seen with Granian 2.8.7). But a read ends when its
connection does. So the worker looks through its own connections for those from an address that owes us a body, and
shuts down the ones on which nothing was sent for as long as a body may take: whoever is being read from has been sent
nothing since its request began. Of other requests from that address only those are hit whose answers take as long.

Linux tells when something was last sent, and lists the connections of a process; elsewhere a read waits until the
client hangs up, and the other half of the threads (`segmentary.api.body`) go on answering.
"""

import logging
import os
import socket
import struct
import sys
import threading
import time
from ipaddress import ip_address
from pathlib import Path

from segmentary.api.body import Bodies

LOG = logging.getLogger("segmentary")
CHECK_SECONDS = 1.0
OWN_FILES = Path("/proc/self/fd")
# struct tcp_info of linux/tcp.h: the place of tcpi_last_data_sent, milliseconds ago
TCP_INFO_BYTES, LAST_DATA_SENT = 104, 44


def watch(bodies: Bodies, port: int, seconds: int) -> None:
    """Hang up, from now on, on clients that take longer than this for a body; `port` is the one we serve on."""
    if sys.platform == "linux":
        threading.Thread(target=_watch, args=(bodies, port, seconds), name="connections", daemon=True).start()


def _watch(bodies: Bodies, port: int, seconds: int) -> None:
    while True:
        time.sleep(CHECK_SECONDS)
        addresses = bodies.overdue()
        if addresses:
            for file in OWN_FILES.iterdir():
                _hang_up(int(file.name), port, addresses, seconds)


def _hang_up(file: int, port: int, addresses: set[str], seconds: int) -> None:
    """Shut a connection down if it is one of ours, from one of these addresses, on which nothing was sent for long."""
    try:
        # A descriptor of its own: the number may stand for another file a moment later.
        with socket.socket(fileno=os.dup(file)) as connection:
            peer, own = connection.getpeername(), connection.getsockname()
            if own[1] != port or str(ip_address(peer[0])) not in addresses:
                return
            (idle,) = struct.unpack_from(
                "=I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES), LAST_DATA_SENT
            )
            if idle >= seconds * 1000:
                LOG.warning("hung up on %s port %s: the body of its request did not arrive", peer[0], peer[1])
                connection.shutdown(socket.SHUT_RDWR)
    except (OSError, ValueError, IndexError):
        return  # no socket, no connection, or closed by now
