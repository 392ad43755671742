"""A service whose database goes away and comes back says so, and goes on by itself."""

from collections.abc import Callable

import pytest

from tests.servers.asking import ask
from tests.servers.proxy import proxy
from tests.servers.service import Service


@pytest.mark.databases("postgresql", "mariadb")
def test_health_follows_the_database(start_server: Callable[..., Service], database_url: str) -> None:
    with proxy(database_url) as line:
        service = start_server(environment={"SEGMENTARY_DATABASE": line.url})
        healthy = ask(service.url, "GET", "/healthcheck")
        assert (healthy.status, healthy.body) == (200, b"OK")

        line.is_up = False
        line.cut_all()
        away = ask(service.url, "GET", "/healthcheck")
        assert (away.status, away.fault["type"]) == (503, "ServiceUnavailable")
        assert ask(service.url, "GET", "/v2.0/networks").status == 503
        assert ask(service.url, "GET", "/").status == 200

        line.is_up = True
        assert ask(service.url, "GET", "/healthcheck").status == 200
        assert ask(service.url, "GET", "/v2.0/networks").status == 200
