"""The commands of resources, over HTTP and directly on a database, as they are typed."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import segmentary
from segmentary.cli.main import commands, main
from segmentary.cli.resource import NOUNS
from tests.servers.service import Service, forks


@dataclass(frozen=True)
class Said:
    """How a command ended and what it wrote."""

    status: int
    output: str
    errors: str


Run = Callable[..., Said]


@pytest.fixture(params=["--url", "--database"])
def target(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Give the option and its value by which a command finds the same database, through a server or by itself."""
    if request.param == "--database":
        return "--database", "settings"
    service: Service = request.getfixturevalue("server")
    return "--url", service.url


@pytest.fixture
def run(
    target: tuple[str, str],
    database_url: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Run:
    """Give a function that runs a command on the target, in this process, as if typed."""
    for name in [one for one in os.environ if one.startswith("SEGMENTARY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SEGMENTARY_DATABASE", database_url)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["segmentary", *arguments, *target])
        capfd.readouterr()
        status: object = 0
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
        assert isinstance(status, int)
        said = capfd.readouterr()
        return Said(status, said.out, said.err)

    return run


def shown(said: Said) -> Any:  # noqa: ANN401 - JSON
    assert said.status == 0, said.errors
    assert said.errors == ""
    return json.loads(said.output)


def refused(said: Said) -> str:
    assert (said.status, said.output) == (1, "")
    assert re.fullmatch(r"segmentary: [^\n]+\n", said.errors), said.errors
    return said.errors


@pytest.fixture
def app(database_url: str) -> Iterator[segmentary.Application]:
    with segmentary.open(database_url) as opened:
        yield opened


def test_records_are_created_changed_shown_and_deleted_by_name(run: Run, app: segmentary.Application) -> None:
    shown(run("physical-network", "create", "--name", "rack1", "--mtu", "9000", "--format", "json"))
    network = shown(
        run(
            *("network", "create", "--name", "blue", "--shared", "--provider-network-type", "vlan", "--format", "json"),
            *("--provider-physical-network", "rack1", "--provider-segmentation-id", "100"),
        )
    )
    assert (network["shared"], network["provider:segmentation_id"]) == (True, 100)
    segment = shown(
        run(
            *("segment", "create", "--network", "blue", "--network-type", "vxlan", "--segmentation-id", "5001"),
            *("--name", "overlay", "--format", "json"),
        )
    )
    assert segment["network_id"] == network["id"]
    changed = shown(run("segment", "set", "overlay", "--name", "core", "--if-revision", "0", "--format", "json"))
    assert (changed["name"], changed["description"], changed["revision_number"]) == ("core", "", 1)
    assert shown(run("segment", "show", segment["id"], "--format", "json")) == changed
    assert shown(run("segment", "set", "core", "--no-name", "--format", "json"))["name"] is None
    rack = shown(run("physical-network", "set", "rack1", "--no-mtu", "--format", "json"))
    assert (rack["mtu"], app.physical_networks.list()[0].mtu) == (None, None)
    assert run("segment", "delete", segment["id"]) == Said(0, "", "")
    assert run("network", "delete", "blue") == Said(0, "", "")
    assert app.networks.list() == []


def test_records_are_tagged_and_found_by_their_tags(run: Run) -> None:
    created = run("network", "create", "--name", "blue", "--tags", "red,a b", "--format", "json")
    assert shown(created)["tags"] == ["a b", "red"]
    shown(run("network", "create", "--name", "plain", "--format", "json"))
    by_all = run("network", "list", "--tags", "red,a b", "--column", "name", "--column", "tags", "--format", "json")
    assert shown(by_all) == [{"name": "blue", "tags": ["a b", "red"]}]
    by_none = run("network", "list", "--not-tags-any", "red,green", "--column", "name", "--format", "json")
    assert shown(by_none) == [{"name": "plain"}]
    assert shown(run("network", "set", "blue", "--tags", "", "--format", "json"))["tags"] == []


def test_quotas_are_set_listed_shown_and_taken_away(run: Run) -> None:
    assert shown(run("quota", "list", "--format", "json")) == []
    changed = shown(run("quota", "set", "p", "--network", "2", "--network-segment-range", "0", "--format", "json"))
    assert changed == {"network": 2, "segment": -1, "network_segment_range": 0, "rbac_policy": -1}
    assert shown(run("quota", "list", "--format", "json")) == [{"project_id": "p", **changed}]
    shown(run("network", "create", "--project-id", "p", "--format", "json"))
    assert shown(run("quota", "show", "p", "--format", "json"))[0] == {"resource": "network", "limit": 2, "used": 1}
    assert "the 1 in use" in refused(run("quota", "set", "p", "--network", "0"))
    assert shown(run("quota", "set", "p", "--network", "0", "--force", "--format", "json"))["network"] == 0
    assert "Quota exceeded" in refused(run("network", "create", "--project-id", "p"))
    assert run("quota", "delete", "p") == Said(0, "", "")
    assert "could not be found" in refused(run("quota", "delete", "p"))
    assert run("quota", "set", "p").status == 2


def test_a_network_is_created_with_several_segments(run: Run) -> None:
    entries = (
        "network_type=vxlan,segmentation_id=7",
        '{"provider:network_type": "vxlan"}'.replace("}", ', "provider:segmentation_id": 8}'),
    )
    options = [text for entry in entries for text in ("--segments", entry)]
    made = shown(run("network", "create", "--name", "two", *options, "--format", "json"))
    assert [one["provider:segmentation_id"] for one in made["segments"]] == [7, 8]
    card = run("network", "show", "two").output
    assert len(re.findall("provider:network_type=vxlan, provider:segmentation_id=[78]", card)) == 2


@pytest.mark.databases("sqlite")
def test_lists_are_filtered_sorted_and_cut(run: Run, app: segmentary.Application) -> None:
    networks = app.networks.create_many([{"name": name, "mtu": 1400} for name in ("b", "a", "c")])
    app.segments.create(network_id=networks[0].id, network_type="vxlan", segmentation_id=9)

    def names(*options: str) -> list[str]:
        return [one["name"] for one in shown(run("network", "list", "--format", "json", "--column", "name", *options))]

    assert names("--sort", "name") == ["a", "b", "c"]
    assert names("--sort", "mtu", "--sort", "name:desc") == ["c", "b", "a"]
    assert names("--sort", "name", "--limit", "2") == ["a", "b"]
    assert names("--name", "a", "--name", "c", "--sort", "name") == ["a", "c"]
    assert names("--name", "a", "--mtu", "1500") == []
    assert names("--provider-segmentation-id", "9") == ["b"]
    assert names("--shared", "true") == []
    listed = shown(run("segment", "list", "--network", "b", "--network-type", "vxlan", "--format", "json"))
    assert [one["segmentation_id"] for one in listed] == [9]


@pytest.mark.databases("sqlite")
def test_every_format_says_the_same(run: Run, app: segmentary.Application) -> None:
    text = 'a "b": c, \u2028 d\u65e5\n- e'
    app.networks.create(name="one", description=text)
    app.networks.create(name="two, too")
    options = ("network", "list", "--sort", "name", "--column", "name", "--column", "description", "--column", "shared")
    wanted = [
        {"name": "one", "description": text, "shared": False},
        {"name": "two, too", "description": "", "shared": False},
    ]
    assert shown(run(*options, "--format", "json")) == wanted
    assert yaml.safe_load(run(*options, "--format", "yaml").output) == wanted
    rows = list(csv.DictReader(run(*options, "--format", "csv").output.splitlines(keepends=True)))
    assert rows == [{**one, "shared": "false"} for one in wanted]
    table = run(*options).output.splitlines()
    assert table[0].split() == ["name", "description", "shared"]
    assert [line.split()[0] for line in table[2:]] == ["one", "two,"]
    # a text in CJK characters takes two columns each: what follows it stands one below the other
    assert table[2].index("false") == table[3].index("false") - 1
    single = ("network", "show", "one", "--column", "name", "--column", "shared")
    assert yaml.safe_load(run(*single, "--format", "yaml").output) == {"name": "one", "shared": False}
    assert run(*single, "--format", "csv").output == "name,shared\none,false\n"
    assert yaml.safe_load(run("segment", "list", "--name", "none", "--format", "yaml").output) == []


@pytest.mark.databases("sqlite")
def test_refusals_are_one_line_and_status_1(run: Run, app: segmentary.Application) -> None:
    app.physical_networks.create(name="rack1")
    first, second = app.networks.create(name="twin"), app.networks.create(name="twin")
    both = refused(run("network", "show", "twin"))
    assert first.id in both
    assert second.id in both
    assert "Network nobody could not be found" in refused(run("network", "delete", "nobody"))
    assert "rack1" in refused(run("physical-network", "create", "--name", "rack1"))
    wrong = refused(run("network", "create", "--mtu", "70000"))
    assert "mtu" in wrong
    assert "65535" in wrong
    assert "mtu" in refused(run("network", "create", "--mtu", "much"))
    assert "revision" in refused(run("network", "set", first.id, "--name", "x", "--if-revision", "7"))
    assert "sort_key" in refused(run("network", "list", "--sort", "colour"))
    assert len(app.networks.list()) == 2


@pytest.mark.databases("sqlite")
def test_wrong_usage_is_status_2(run: Run) -> None:
    for arguments in (
        ("network", "paint"),
        ("network", "set", "blue"),
        ("network", "delete"),
        ("network", "delete", "a", "b", "--if-revision", "1"),
        ("network", "create", "--segments", "colour=blue"),
        ("network", "create", "--segments", "{"),
        ("network", "list", "--format", "xml"),
        ("network", "list", "--column", "colour"),
        ("segment", "create", "--network-type", "vlan"),
        ("segment", "create", "--network", "blue", "--network-type", "token-ring"),
    ):
        said = run(*arguments)
        assert (said.status, said.output) == (2, ""), arguments
        assert re.fullmatch(r"segmentary.*: .+; see segmentary.* --help\n", said.errors), said.errors


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("arguments", [["--url", "http://127.0.0.1:1"], ["--url", "ftp://host"]], ids=" ".join)
def test_a_service_that_cannot_be_called_is_told(
    arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["segmentary", "network", "list", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert re.fullmatch(r"segmentary: [^\n]+\n", capfd.readouterr().err)


@pytest.mark.databases("sqlite")
def test_the_program_speaks_to_a_service_with_a_token_named_by_the_environment(
    start_server: Callable[..., Service], tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("a-token-of-25-characters.")
    token_file.chmod(0o600)
    service = start_server("--token-file", str(token_file))

    def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTARY_")}
        return subprocess.run(
            [forks().shim, *arguments],
            env={**inherited, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    made = program(
        *("network", "create", "--name", "blue", "--format", "csv", "--column", "name"),
        SEGMENTARY_URL=service.url,
        SEGMENTARY_TOKEN_FILE=str(token_file),
    )
    assert (made.returncode, made.stdout, made.stderr) == (0, "name\nblue\n", "")
    without = program("network", "list", "--url", service.url)
    assert (without.returncode, without.stdout) == (1, "")
    assert "requires authentication" in without.stderr
    both = program("network", "list", "--url", service.url, "--database", "sqlite:///x.db")
    assert (both.returncode, "exclude each other" in both.stderr) == (2, True)
    completed = program(
        _SEGMENTARY_COMPLETE="bash_complete", COMP_WORDS="segmentary segment create --network-type v", COMP_CWORD="4"
    )
    assert completed.stdout.split() == ["plain,vlan", "plain,vxlan"]


def test_no_two_options_of_a_command_have_the_same_name() -> None:
    for noun in NOUNS:
        group = commands.commands[noun.command]
        assert isinstance(group, click.Group)
        for command in group.commands.values():
            spelled = [name for one in command.params for name in (*one.opts, *one.secondary_opts)]
            assert len(spelled) == len(set(spelled)), command.name


def test_a_table_of_each_resource_has_columns_that_exist() -> None:
    for noun in NOUNS:
        assert noun.resource.summary
        assert set(noun.resource.summary) <= set(noun.resource.by_wire)
