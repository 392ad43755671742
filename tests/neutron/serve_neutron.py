"""Serve Neutron's API: python serve_neutron.py FILE PORT, in the environment where Neutron is installed."""

import os
import sys
from wsgiref.simple_server import make_server

file, port = sys.argv[1:]
os.environ["OS_NEUTRON_CONFIG_DIR"], os.environ["OS_NEUTRON_CONFIG_FILES"] = os.path.split(file)
del sys.argv[1:]

from neutron import server  # noqa: E402, it reads the environment
from neutron.server import api  # noqa: E402, as above

make_server("127.0.0.1", int(port), server.boot_server(api.api_server, prog="neutron-api")).serve_forever()
