"""The conversations of tests/api/conversations: every row of the Networking API that applies, told in plain words."""

from pathlib import Path

import pytest

from tests.api.client import client
from tests.api.conversation import Conversation, hold, read

CONVERSATIONS = tuple(read(Path(__file__).with_name("conversations")))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda one: f"{one.noun}: {one.about}")
def test_conversation(database_url: str, conversation: Conversation) -> None:
    with client(database_url) as api:
        hold(api, conversation)


@pytest.mark.databases("sqlite")
def test_a_step_that_is_answered_otherwise_is_told_with_its_words(database_url: str) -> None:
    step = {"we": "list networks", "GET": "/networks", "answer": 200, "has": {"networks": [{"name": "blue"}]}}
    with client(database_url) as api, pytest.raises(AssertionError, match=r"step 1: list networks\nGET /networks\n200"):
        hold(api, Conversation("network", "none", (step,)))
