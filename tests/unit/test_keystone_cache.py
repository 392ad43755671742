"""However many tokens are sent, right or wrong, so many are remembered."""

import time
from pathlib import Path

import pytest

from segmentary.catalog.actor import Actor
from segmentary.services import keystone
from segmentary.services.keystone import Keystone, _Told

FILE = 'auth_url = "http://127.0.0.1:1"\nusername = "u"\npassword = "p"\nuser_domain_id = "default"\n'
MOST = 3


def test_the_newest_tokens_of_either_kind_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystone, "KEPT", MOST)
    file = tmp_path / "keystone.toml"
    file.write_text(FILE)
    file.chmod(0o600)
    one, until = Keystone(str(file), 60), time.time() + 60
    someone = Actor(name="ann", project_id="blue")
    for number in range(10):
        one._keep(b"right %d" % number, _Told(someone, None, until))  # noqa: SLF001, asks no Keystone
        one._keep(b"wrong %d" % number, _Told(None, None, until))  # noqa: SLF001, the same
    assert list(one._known) == [b"right 7", b"right 8", b"right 9"]  # noqa: SLF001, the same
    assert list(one._wrong) == [b"wrong 7", b"wrong 8", b"wrong 9"]  # noqa: SLF001, the same
    one._keep(b"right 9", _Told(None, None, until))  # noqa: SLF001, it was revoked
    assert list(one._known) == [b"right 7", b"right 8"]  # noqa: SLF001, the same
