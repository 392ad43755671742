"""Receivers of events.

receiver    a real HTTP server in this process
nats        a NATS server of our own, a process that can be stopped and started
rabbitmq    the URL of a RabbitMQ
relaying    the application with its relay at work
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

import pytest

import segmentary
from tests.conftest import REQUIRE_ALL
from tests.servers import nats as nats_servers
from tests.servers import rabbitmq as rabbitmq_servers
from tests.servers.nats import NatsServer
from tests.servers.receiver import Receiver, receiving
from tests.servers.server import NoServerError

T = TypeVar("T")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def _found(stack: ExitStack, find: Callable[[], AbstractContextManager[T]]) -> T:
    try:
        return stack.enter_context(find())
    except NoServerError as error:
        if os.environ.get(REQUIRE_ALL) == "1":
            pytest.fail(f"{REQUIRE_ALL}=1: {error}")
        pytest.skip(str(error))


@pytest.fixture
def nats() -> Iterator[NatsServer]:
    with ExitStack() as stack:
        yield _found(stack, nats_servers.running)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[str]:
    with ExitStack() as stack:
        yield _found(stack, rabbitmq_servers.find)


@pytest.fixture
def relaying(app: segmentary.Application) -> segmentary.Application:
    app.relay.start()
    return app
