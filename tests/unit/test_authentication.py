"""The token file keeps a secret that a header can carry, or the server does not start."""

from pathlib import Path

import pytest

from segmentary.api.authentication import read_token
from segmentary.errors import InvalidSetting

TOKEN = "0123456789abcdef"  # noqa: S105, of this test


def token_file(folder: Path, content: bytes, mode: int = 0o600) -> str:
    file = folder / "token"
    file.write_bytes(content)
    file.chmod(mode)
    return str(file)


@pytest.mark.parametrize("content", [TOKEN, f"{TOKEN}\n", f"  {TOKEN}\r\n", '!~{}[]()<>@,;:\\"/?='])
def test_token_is_the_text_of_the_file_without_the_space_around_it(tmp_path: Path, content: str) -> None:
    assert read_token(token_file(tmp_path, content.encode())) == content.strip()


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
def test_file_that_everyone_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(InvalidSetting, match="chmod 600"):
        read_token(token_file(tmp_path, TOKEN.encode(), mode))


@pytest.mark.parametrize(
    "content", [b"", b"\n", TOKEN[:-1].encode(), b"two words are no token", "zwölf".encode() * 9, f"{TOKEN}\0".encode()]
)
def test_text_that_is_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidSetting, match="at least 16 visible ASCII characters"):
        read_token(token_file(tmp_path, content))


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        read_token(token_file(tmp_path, b"\xff" * 32))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="missing cannot be read"):
        read_token(str(tmp_path / "missing"))


def test_refusal_does_not_tell_the_token(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting) as refused:
        read_token(token_file(tmp_path, b"not long enough"))
    assert "not long enough" not in refused.value.message
