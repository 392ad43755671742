"""A private Galera cluster of three nodes on this machine: own ports, own data, gone at the end.

Needs Debian's packages mariadb-server, galera-4 and rsync; `make test-galera` installs them.
"""

import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers import mariadb
from tests.servers.server import DatabaseServer, NoServerError, free_port, private_directory

NODES = 3
PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
NEEDED = ("mariadbd", "mariadb-install-db", "rsync")


@contextmanager
def cluster(folders: str = mariadb.SYSTEM_FOLDERS) -> Iterator[list[DatabaseServer]]:
    """Run the nodes; a statement on one of them is one of all, once each has applied it."""
    missing = [name for name in NEEDED if shutil.which(name, path=folders) is None]
    missing += [] if PROVIDER.exists() else [str(PROVIDER)]
    if missing:
        raise NoServerError(f"a Galera cluster needs {', '.join(missing)}")
    # For each node: clients, the group, state transfer by events, state transfer as a whole.
    ports = [[free_port() for _ in range(4)] for _ in range(NODES)]
    with ExitStack() as stack:
        yield [stack.enter_context(_node(ports, place, folders)) for place in range(NODES)]


@contextmanager
def _node(ports: Sequence[Sequence[int]], place: int, folders: str) -> Iterator[DatabaseServer]:
    clients, group, events, whole = ports[place]
    # The first one begins a cluster: it knows nobody. Those after it know those before it.
    others = ",".join(f"127.0.0.1:{one[1]}" for one in ports[:place])
    with private_directory() as directory:
        data = directory.path / "data"
        directory.run(
            str(shutil.which("mariadb-install-db", path=folders)),
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )
        server = mariadb.local(clients, f"node {place + 1} of a private cluster")
        command = [
            str(shutil.which("mariadbd", path=folders)),
            "--no-defaults",
            f"--datadir={data}",
            "--bind-address=127.0.0.1",
            f"--port={clients}",
            "--socket=socket",
            "--max-connections=300",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-autoinc-lock-mode=2",
            "--binlog-format=ROW",
            "--wsrep-on=ON",
            f"--wsrep-provider={PROVIDER}",
            "--wsrep-cluster-name=segmentary-test",
            f"--wsrep-cluster-address=gcomm://{others}",
            f"--wsrep-node-address=127.0.0.1:{group}",
            f"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{events}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{whole}",
        ]
        with directory.running(*command, stop=signal.SIGTERM, ready=lambda: _require_ready(server, place + 1)):
            yield server


def _require_ready(server: DatabaseServer, nodes: int) -> None:
    status: dict[str, str] = {row[0]: row[1] for row in server.execute("SHOW STATUS LIKE 'wsrep_%'")}
    if (status["wsrep_ready"], status["wsrep_cluster_size"]) != ("ON", str(nodes)):
        raise NoServerError(f"node {nodes} has not joined: {status['wsrep_local_state_comment']}")
