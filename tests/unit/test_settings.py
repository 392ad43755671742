"""Settings: where they come from, in which order, and what is refused."""

from pathlib import Path

import pytest

import segmentary
from segmentary.db.engine import parse_url, shown_url
from segmentary.errors import InvalidSetting
from segmentary.settings import FIELDS, Settings, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_arguments_win_over_environment_and_environment_over_file(file: Path) -> None:
    file.write_text('host = "::1"\nport = 1\nworkers = 2\nthreads = 3\n')
    environment = {"SEGMENTARY_PORT": "10", "SEGMENTARY_WORKERS": "20"}
    found = load({"port": "100", "workers": None}, environment, str(file))
    assert found == Settings(host="::1", port=100, workers=20, threads=3)


def test_every_setting_has_a_default_that_is_allowed_and_a_description() -> None:
    defaults = {name: getattr(Settings(), name) for name in FIELDS}
    assert load(defaults, {}) == Settings()
    assert all(field.metadata["doc"].endswith(".") for field in FIELDS.values())


def test_every_setting_can_be_given_in_the_environment_as_text() -> None:
    environment = {f"SEGMENTARY_{name.upper()}": str(getattr(Settings(), name)) for name in FIELDS}
    assert load({}, environment) == Settings()


def test_variables_of_others_are_no_settings() -> None:
    assert load({}, {"PORT": "1", "SEGMENTARY_CONFIG": "x", "SEGMENTARY_TEST_MARIADB_URL": "y"}) == Settings()


def test_unknown_key_of_the_file_is_refused_and_told_which_are_known(file: Path) -> None:
    file.write_text("prot = 9696\n")
    with pytest.raises(InvalidSetting, match=r"Setting prot: .*settings.toml has a key that is no setting.*port"):
        load({}, {}, str(file))


def test_unknown_argument_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="Setting prot: there is no such setting"):
        load({"prot": 9696}, {})


NUMBERS = {name: field for name, field in FIELDS.items() if field.type is int}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_taken_up_to_both_limits_and_not_beyond(name: str) -> None:
    low, high = NUMBERS[name].metadata["minimum"], NUMBERS[name].metadata["maximum"]
    for value in (low, high, str(low), str(high)):
        assert getattr(load({name: value}, {}), name) == int(value)
    for value in (low - 1, high + 1, str(low - 1), str(high + 1)):
        with pytest.raises(InvalidSetting, match=f"Setting {name}: .* is not a whole number from {low} to {high}"):
            load({name: value}, {})


@pytest.mark.parametrize("value", [True, 100.0, "100.0", "", "many", "9" * 5000, [], {}], ids=lambda one: repr(one)[:9])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidSetting, match="Setting threads"):
        load({"threads": value}, {})


@pytest.mark.parametrize("value", [5, True, ["a"]], ids=repr)
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidSetting, match=r"Setting host: .* is not text"):
        load({"host": value}, {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"port =", "is not TOML"), (b"\xff", "is not TOML"), (b"port = " + b"9" * 5000, "is not TOML")],
    ids=["half a line", "no UTF-8", "5000 digits"],
)
def test_file_that_is_not_toml_is_refused(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    with pytest.raises(InvalidSetting, match=reason):
        load({}, {}, str(file))


def test_file_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"settings.toml cannot be read \(No such file or directory\)"):
        load({}, {}, str(file))


def test_the_library_checks_settings_as_the_program_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/segmentary.db"
    with pytest.raises(InvalidSetting, match="Setting threads: 0 is not a whole number"):
        segmentary.open(url, threads=0)
    with pytest.raises(InvalidSetting, match="Setting colour: there is no such setting"):
        segmentary.open(url, colour="red")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "url",
    ["", "segmentary.db", "oracle://host/db", "postgresql://host:port/db", "postgresql://[::1/db", "sqlite", "://"],
)
def test_what_is_no_url_of_a_known_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match="Setting database: it must be a URL"):
        parse_url(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_sqlite_needs_a_file(url: str) -> None:
    with pytest.raises(InvalidSetting, match="SQLite needs a file"):
        parse_url(url)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+mariadbconnector"])
def test_mysql_is_another_name_of_mariadb_and_the_driver_is_ours(scheme: str) -> None:
    assert parse_url(f"{scheme}://user@host/db")[0].drivername == "mariadb+pymysql"


def test_password_is_not_shown() -> None:
    assert shown_url("postgresql://user:secret@host/db") == "postgresql://user:***@host/db"
