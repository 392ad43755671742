"""Users of an installation without Keystone: a file of names, projects, roles and hashes.

{"users": [{"name": "ann", "project_id": "blue", "domain_id": "default", "roles": ["member"],
            "token": "sha256$...", "password": "scrypt$16384$8$5$salt$hash"}]}

A token is 256 random bits of our making: SHA-256 keeps it. A password is of a person's making, so that each guess must
cost: scrypt (RFC 7914). What was right once is remembered, as a keyed digest in memory, and costs microseconds then.
"""

import fcntl
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import stat
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from segmentary.catalog.actor import LOCAL_DOMAIN, Actor, with_implied
from segmentary.errors import InvalidSetting, TryAgain

LOG = logging.getLogger("segmentary")
SETTING = "users_file"
# A new file counts after at most so long.
LOOK_SECONDS = 1.0
# RFC 7914's N, r and p: 16 MiB and about 0.2 s a guess.
SCRYPT = (2**14, 8, 5)
SHORTEST_PASSWORD = 12
REMEMBERED = 1024
# Guesses that a process weighs at once, and how long another waits for its turn.
GUESSES_AT_ONCE = 2
TURN_SECONDS = 2.0
_NAME = re.compile(r"[^\x00-\x1f\x7f:]{1,255}")
_ROLE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PROJECT = re.compile(r"[^\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """One user; `token` and `password` are hashes, None where there is none of that way to sign in."""

    name: str
    project_id: str
    domain_id: str = LOCAL_DOMAIN
    roles: tuple[str, ...]
    token: str | None = None
    password: str | None = None

    @property
    def actor(self) -> Actor:
        """The user as who asks."""
        return Actor(
            name=self.name,
            user_id=self.name,
            project_id=self.project_id,
            domain_id=self.domain_id,
            roles=with_implied(self.roles),
        )


class Users:
    """The users of a file as it is now; a file that cannot be used any more leaves those that were read last."""

    def __init__(self, file: str) -> None:
        """Read the file; raise `InvalidSetting` if it is no file of users."""
        self._file = file
        self._seen = mark(file)
        self._take(read(file))
        self._looked = time.monotonic()
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(GUESSES_AT_ONCE)

    def by_token(self, token: str) -> Actor | None:
        """Return the user with this token."""
        self._look()
        return self._by_token.get(_token_hash(token))

    def by_password(self, name: str, password: str) -> Actor | None:
        """Return the user with this name and password; raise `TryAgain` while too many guesses are weighed."""
        self._look()
        kept, actor = self._by_name.get(name, (None, None))
        proof = hmac.digest(self._key, f"{kept}\0{password}".encode("utf-8", "surrogatepass"), "sha256")
        if actor is not None and proof in self._right:
            return actor
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise TryAgain(reason="too many passwords are being checked")
        try:
            # A name that nobody has costs as much, so that the delay does not tell names.
            is_right = _matches(kept or _NOBODYS, password)
        finally:
            self._turns.release()
        if actor is None or kept is None or not is_right:
            return None
        with self._lock:
            self._right[proof] = None
            while len(self._right) > REMEMBERED:
                self._right.popitem(last=False)
        return actor

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._looked + LOOK_SECONDS:
            return
        self._looked = now
        seen = mark(self._file)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._take(read(self._file))
        except InvalidSetting as error:
            LOG.error("the users stay as they were: %s", error.message)  # noqa: TRY400, the message says all
        else:
            LOG.warning("users are read anew from %s", self._file)

    def _take(self, users: Sequence[User]) -> None:
        self._by_token = {one.token: one.actor for one in users if one.token}
        self._by_name: Mapping[str, tuple[str | None, Actor]] = {
            one.name: (one.password, one.actor) for one in users if one.password
        }


def read(file: str) -> list[User]:
    """Return the users of a file; raise `InvalidSetting` if everyone can read it or it is no file of users."""
    try:
        require_closed(SETTING, file)
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _unfit(f"there is no {file}; make it with: segmentary user add NAME --users-file {file} ...") from None
    except (OSError, ValueError) as error:
        raise _unfit(f"{file} cannot be read ({error})") from error
    try:
        users = [User(**{**one, "roles": tuple(one["roles"])}) for one in found["users"]]
    except (KeyError, TypeError):
        raise _unfit(f"{file} is no file that `segmentary user` writes") from None
    for one in users:
        _require_fit(one)
    if len({one.name for one in users}) != len(users):
        raise _unfit(f"{file} has two users of one name")
    return users


def require_closed(setting: str, file: str) -> None:
    """Raise `InvalidSetting` if everyone can read or write a file of secrets."""
    if os.name != "posix" or not Path(file).exists():
        return
    if Path(file).stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise InvalidSetting(setting=setting, reason=f"everyone can read {file}; run: chmod 600 {file}")


def add(file: str, user: User, password: str | None) -> str | None:
    """Add a user to a file, which is made if need be; return the token of one without password.

    Raises `InvalidSetting` for an unfit user, and for a name that is taken.
    """
    _require_fit(user)
    token = secrets.token_urlsafe(32) if password is None else None
    user = replace(
        user,
        token=_token_hash(token) if token else None,
        password=password_hash(password) if password is not None else None,
    )

    def change(users: list[User]) -> list[User]:
        if any(one.name == user.name for one in users):
            raise _unfit(f"{file} has a user {user.name}; remove that one first")
        return [*users, user]

    _change(file, change, new=not Path(file).exists())
    return token


def remove(file: str, name: str) -> None:
    """Remove a user from a file; raise `InvalidSetting` if there is none of that name."""

    def change(users: list[User]) -> list[User]:
        left = [one for one in users if one.name != name]
        if len(left) == len(users):
            raise _unfit(f"{file} has no user {name}")
        return left

    _change(file, change, new=False)


def password_hash(password: str) -> str:
    """Return what is kept of a password."""
    salt = secrets.token_bytes(16)
    return "$".join(["scrypt", *map(str, SCRYPT), salt.hex(), _scrypt(password, salt, *SCRYPT).hex()])


def _token_hash(token: str) -> str:
    return f"sha256${hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _matches(kept: str, password: str) -> bool:
    _, cost, block, lanes, salt, wanted = kept.split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, bytes.fromhex(wanted))


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    memory = 256 * cost * block  # twice what it needs
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=cost, r=block, p=lanes, maxmem=memory, dklen=32)


# Of no password: 32 zero bytes are what no guess gives.
_NOBODYS = "$".join(["scrypt", *map(str, SCRYPT), "00" * 16, "00" * 32])
_TOKEN_FORM = re.compile(r"sha256\$[0-9a-f]{64}")
_PASSWORD_FORM = re.compile(
    r"scrypt\$(1024|2048|4096|8192|16384|32768|65536)\$8\$([1-9]|1\d)\$[0-9a-f]{32}\$[0-9a-f]{64}"
)


def _require_fit(user: User) -> None:
    forms = (
        ("name", _NAME, [user.name], "1 to 255 characters without control characters and colons"),
        ("project", _PROJECT, [user.project_id, user.domain_id], "1 to 255 characters without control characters"),
        ("roles", _ROLE, user.roles or [""], "at least one role of letters, digits and ._-"),
        ("token", _TOKEN_FORM, [user.token] if user.token is not None else [], "what `segmentary user add` keeps"),
        ("password", _PASSWORD_FORM, [user.password] if user.password is not None else [], "the same"),
    )
    for what, form, values, limit in forms:
        if not all(form.fullmatch(str(value)) for value in values):
            raise _unfit(f"user {user.name!r}: the {what} must be {limit}")


def _change(file: str, change: Callable[[list[User]], list[User]], *, new: bool) -> None:
    """Replace the file by a changed one in one step, with the owner and the mode of the one before."""
    with _only_one(file):
        users = [] if new else read(file)
        text = json.dumps({"users": [asdict(one) for one in change(users)]}, indent=1, ensure_ascii=False)
        number, name = tempfile.mkstemp(dir=Path(file).absolute().parent, prefix=".users-")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as written:
                if not new:
                    before = Path(file).stat()
                    os.fchmod(written.fileno(), stat.S_IMODE(before.st_mode))
                    os.fchown(written.fileno(), before.st_uid, before.st_gid)
                written.write(f"{text}\n")
                written.flush()
                os.fsync(written.fileno())
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink()
            raise


@contextmanager
def _only_one(file: str) -> Iterator[None]:
    """Let one program at a time change a file: each replaces it, so that its folder is what is locked."""
    try:
        folder = os.open(Path(file).absolute().parent, os.O_RDONLY)
    except OSError as error:
        raise _unfit(f"{file} cannot be written ({error.strerror})") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    except PermissionError as error:
        raise _unfit(f"{file} cannot be written ({error.strerror})") from error
    finally:
        os.close(folder)


def mark(file: str) -> tuple[int, int, int] | None:
    """Return what differs once the file is another or has been written to; None if it cannot be seen."""
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _unfit(reason: str) -> InvalidSetting:
    return InvalidSetting(setting=SETTING, reason=reason)
