"""Settings: one frozen object made from the command line, the environment and a TOML file, in this order of precedence.

    --database URL    SEGMENTARY_DATABASE=URL    database = "URL"

To add a setting, add a field: its option, environment variable and documentation follow.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentary.errors import InvalidSetting

ENVIRONMENT_PREFIX = "SEGMENTARY_"


def setting(default: object, doc: str, *, minimum: int = 0, maximum: int = 2**31 - 1) -> Any:  # noqa: ANN401, a field
    """Declare a setting; the limits count for numbers."""
    return dataclasses.field(default=default, metadata={"doc": doc, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What can be chosen about a running segmentary."""

    host: str = setting("127.0.0.1", "Address to listen on; another than loopback needs a way to sign in.")
    port: int = setting(9696, "Port to listen on.", minimum=1, maximum=65535)
    database: str = setting("sqlite:///segmentary.db", "Database URL: sqlite:///, postgresql://, mariadb://, mysql://.")
    workers: int = setting(1, "Server processes.", minimum=1, maximum=64)
    threads: int = setting(
        8, "Requests each process works on at once, and its database connections.", minimum=1, maximum=256
    )
    authentication: str = setting(
        "",
        "Ways to sign in, separated by commas: none (from this machine only), token, basic, keystone; "
        "if empty, those that there is a file for, otherwise none.",
    )
    token_file: str = setting("", "File with a token, in X-Auth-Token, whose holder may do everything.")
    users_file: str = setting("", "File of users with a token or a password each, made by `segmentary user`.")
    keystone_file: str = setting("", "TOML file with Keystone's auth_url and the credentials of this service.")
    keystone_seconds: int = setting(60, "Seconds for which a validated token is believed.", minimum=1, maximum=3600)
    policy_file: str = setting("", "YAML file with rules that count instead of the default policy.")
    tls_certificate_file: str = setting("", "PEM file with the certificate, and those between it and its authority.")
    tls_key_file: str = setting("", "PEM file with the certificate's key, without a password.")
    proxies: str = setting(
        "", "Proxies that are believed about the address clients know: addresses or networks, separated by commas."
    )
    client_limit: int = setting(
        0,
        "Requests of one client address that each process works on at once; 0 for no limit. Of a believed proxy the "
        "clients count that it names.",
        maximum=256,
    )
    batch_limit: int = setting(10_000, "Most records that one request creates.", minimum=1)
    body_limit: int = setting(2**20, "Largest request body in bytes.", minimum=1024)
    body_seconds: int = setting(30, "Seconds that a request body may take to arrive.", minimum=1, maximum=3600)
    request_seconds: int = setting(
        60,
        "Seconds that a request may take once it has arrived, and a client to read the answer.",
        minimum=1,
        maximum=3600,
    )
    page_limit: int = setting(0, "Most records one list answers with; 0 for no limit.")
    global_physnet_mtu: int = setting(
        1500, "MTU in bytes of physical networks that have none of their own.", minimum=68, maximum=65535
    )
    relay: int = setting(1, "1 if server processes relay events; 0 if only `segmentary relay` does.", maximum=1)
    event_places: int = setting(
        16,
        "Readers of events that each process lets wait at once; others are answered at once and ask again.",
        maximum=1024,
    )
    events_kept: int = setting(1_000_000, "Newest events that are kept; 0 for all.")
    events_kept_days: int = setting(30, "Days for which events are kept; 0 for ever.", maximum=36500)

    project_network_types: str = setting(
        "", "Network types, separated by commas, that a network created without one is tried to get; local if empty."
    )
    agent_down_time: int = setting(75, "Seconds without a report after which an agent is not alive.", minimum=3)
    unknown_physical_networks: str = setting(
        "refuse", "What is done about an unknown physical network that a host reports: refuse, or declare it."
    )
    quota_network: int = setting(-1, "Networks that a project may have, unless it has a quota; -1: any.", minimum=-1)
    quota_segment: int = setting(
        -1, "Segments that the networks of a project may have, unless it has a quota; -1: any.", minimum=-1
    )
    quota_network_segment_range: int = setting(
        -1, "Segment ranges that a project may have of its own, unless it has a quota; -1: any.", minimum=-1
    )
    quota_rbac_policy: int = setting(
        -1, "RBAC policies that a project may make, unless it has a quota; -1: any.", minimum=-1
    )
    idempotency_hours: int = setting(
        24, "Hours for which answers to requests with an Idempotency-Key are kept.", minimum=1
    )


FIELDS = {field.name: field for field in dataclasses.fields(Settings)}


def load(arguments: Mapping[str, object], environment: Mapping[str, str], file: str | None = None) -> Settings:
    """Return the settings; raise `InvalidSetting` for an unknown argument or key of the file, or an unfit value."""
    chosen: dict[str, object] = {}
    if file:
        chosen |= _from_file(file)
    for name in FIELDS:
        variable = ENVIRONMENT_PREFIX + name.upper()
        if variable in environment:
            chosen[name] = environment[variable]
    _require_known(arguments, "there is no such setting")
    chosen |= {name: value for name, value in arguments.items() if value is not None}
    return Settings(**{name: _fit(name, value) for name, value in chosen.items()})  # type: ignore[arg-type]  # _fit checks


def _from_file(file: str) -> dict[str, object]:
    try:
        found = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSetting(setting="config", reason=f"{file} cannot be read ({error.strerror})") from error
    except ValueError as error:  # not UTF-8, not TOML, or a number of thousands of digits
        raise InvalidSetting(setting="config", reason=f"{file} is not TOML ({error})") from error
    _require_known(found, f"{file} has a key that is no setting")
    return found


def _require_known(given: Mapping[str, object], otherwise: str) -> None:
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise InvalidSetting(setting=unknown[0], reason=f"{otherwise}; known are {', '.join(FIELDS)}")


def _fit(name: str, value: object) -> object:
    field = FIELDS[name]
    if field.type is not int:
        if not isinstance(value, str):
            raise InvalidSetting(setting=name, reason=f"{value!r} is not text")
        return value
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    low, high = field.metadata["minimum"], field.metadata["maximum"]
    if type(number) is not int or not low <= number <= high:
        raise InvalidSetting(setting=name, reason=f"{value!r} is not a whole number from {low} to {high}")
    return number
