"""Tags of records: their paths, their filters, and what becomes of them in a change."""

from collections.abc import Iterator
from threading import Barrier, Thread
from typing import Any
from urllib.parse import quote

import pytest

import segmentary
from segmentary.errors import InvalidValue
from tests.api.client import Client, Object, client

UNKNOWN = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"
COLLECTIONS = ("networks", "segments", "network_segment_ranges")


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


def body(api: Client, collection: str, **values: object) -> Object:
    """Return the body of a request that creates a record of the collection."""
    bodies: dict[str, Object] = {
        "networks": {"name": "blue"},
        "segments": {"network_type": "local"},
        "network_segment_ranges": {"network_type": "vxlan", "minimum": 5, "maximum": 9},
    }
    own = bodies[collection]
    if collection == "segments":
        own["network_id"] = api.network()["id"]
    return {collection[:-1]: own | values}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_path_of_tags_answers_as_neutron_does(api: Client, collection: str) -> None:
    name = collection[:-1]
    created = api.ask("POST", f"/{collection}", body(api, collection))[name]
    assert created["tags"] == []
    path = f"/{collection}/{created['id']}/tags"

    def tags() -> list[str]:
        shown: list[str] = api.ask("GET", path)["tags"]
        assert api.ask("GET", f"/{collection}/{created['id']}")[name]["tags"] == shown
        assert api.ask("GET", f"/{collection}?id={created['id']}")[collection][0]["tags"] == shown
        return shown

    assert api.ask("PUT", path, {"tags": ["red", "blue"]}) == {"tags": ["blue", "red"]}
    assert tags() == ["blue", "red"]
    assert api.send("GET", f"{path}/red").status_code == 204
    assert api.refused(404, "GET", f"{path}/green")["type"] == "TagNotFound"
    for dotted in ("green", "a.json", "v1.0"):
        answer = api.send("PUT", f"{path}/{dotted}")
        assert (answer.status_code, answer.text) == (201, "")
        assert api.send("GET", f"{path}/{dotted}").status_code == 204
    assert api.ask("POST", path, {"tags": ["blue", "x y"]}) == {
        "tags": ["a.json", "blue", "green", "red", "v1.0", "x y"]
    }
    assert api.send("DELETE", f"{path}/x%20y").status_code == 204
    assert api.refused(404, "DELETE", f"{path}/x%20y")["type"] == "TagNotFound"
    assert tags() == ["a.json", "blue", "green", "red", "v1.0"]
    assert api.send("DELETE", path).status_code == 204
    assert tags() == []


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_changed_tags_are_a_new_revision_with_an_event_and_the_same_tags_are_none(api: Client, collection: str) -> None:
    name = collection[:-1]
    created = api.ask("POST", f"/{collection}", body(api, collection))[name]
    path = f"/{collection}/{created['id']}"
    api.ask("PUT", f"{path}/tags", {"tags": ["a", "b"]})
    for method, rest, sent in (
        ("PUT", "/tags", {"tags": ["b", "a"]}),
        ("POST", "/tags", {"tags": ["a"]}),
        ("PUT", "/tags/a", None),
    ):
        api.ask(method, path + rest, sent)
    shown = api.ask("GET", path)[name]
    assert shown["revision_number"] == created["revision_number"] + 1
    api.ask("DELETE", f"{path}/tags/a")
    api.app.relay.work()
    events = api.ask("GET", f"/segment-events?resource_id={created['id']}")["segment_events"]
    assert [one["changed"]["tags"] for one in events if "changed" in one] == [
        {"old": [], "new": ["a", "b"]},
        {"old": ["a", "b"], "new": ["b"]},
    ]
    api.refused(412, "PUT", f"{path}/tags", {"tags": []}, if_match="revision_number=0")
    api.refused(412, "PUT", f"{path}/tags/c", if_match="revision_number=0")
    api.refused(412, "DELETE", f"{path}/tags", if_match="revision_number=0")
    assert api.ask("GET", f"{path}/tags") == {"tags": ["b"]}


def test_records_are_created_and_changed_with_their_tags(api: Client) -> None:
    made = api.ask("POST", "/networks", {"networks": [{"tags": ["b", "a"]}, {}, {"tags": []}]})["networks"]
    assert [one["tags"] for one in made] == [["a", "b"], [], []]
    many = api.ask("POST", "/segments", {"segments": [body(api, "segments", tags=[str(n)])["segment"] for n in (1, 2)]})
    assert [one["tags"] for one in many["segments"]] == [["1"], ["2"]]
    changed = api.ask("PUT", f"/networks/{made[0]['id']}", {"network": {"tags": ["c"], "name": "n"}})["network"]
    assert (changed["tags"], changed["name"], changed["revision_number"]) == (["c"], "n", 1)
    kept = api.ask("PUT", f"/networks/{made[0]['id']}", {"network": {"name": "m"}})["network"]
    assert kept["tags"] == ["c"]


TAGGED = {"none": [], "red": ["red"], "blue": ["blue"], "both": ["blue", "red"], "odd": ["re", "red,", 'r"ed', "Red "]}
FILTERS = {
    "tags=red": {"red", "both"},
    "tags=red,blue": {"both"},
    "tags=red&tags=blue": {"both"},
    "tags-any=red,blue": {"red", "blue", "both"},
    "tags-any=red&tags-any=nobody": {"red", "both"},
    "not-tags=red,blue": {"none", "red", "blue", "odd"},
    "not-tags-any=red,blue": {"none", "odd"},
    "not-tags-any=nobody": set(TAGGED),
    "tags=Red": set(),
    "tags=re": {"odd"},
    "tags=": set(),
    f"tags={'x' * 300}": set(),
    f"tags-any={'x' * 300},red": {"red", "both"},
    f"tags={quote('r')}%22ed": {"odd"},
    "tags=red&not-tags=blue": {"red"},
    "tags-any=red,blue&name=blue": {"blue"},
}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_lists_are_filtered_by_tags_whole_and_in_their_case(api: Client, collection: str) -> None:
    for number, (name, tags) in enumerate(TAGGED.items()):
        one = body(api, collection, name=name, tags=tags)
        if collection == "network_segment_ranges":
            one[collection[:-1]] |= {"minimum": 10 * number + 1, "maximum": 10 * number + 9}
        api.ask("POST", f"/{collection}", one)
    names = "&".join(f"name={name}" for name in TAGGED)  # networks of the segments come with segments of their own
    for asked, found in FILTERS.items():
        query = asked if "name=" in asked else f"{asked}&{names}"
        answer = api.ask("GET", f"/{collection}?{query}&with_count=true")
        assert {one["name"] for one in answer[collection]} == found, asked
        assert answer["count"] == len(found)


def test_what_is_no_tag_is_refused_with_its_limit(api: Client) -> None:
    network = api.network(tags=["kept"])
    path = f"/networks/{network['id']}"
    longest = "ä" * 255
    no_tags: list[Any] = [
        "red",
        None,
        {},
        ["a", "a"],
        [""],
        [1],
        [None],
        ["x" * 256],
        ["a\nb"],
        [str(n) for n in range(51)],
    ]
    for wrong in no_tags:
        for method, of, sent in (
            ("PUT", f"{path}/tags", {"tags": wrong}),
            ("POST", f"{path}/tags", {"tags": wrong}),
            ("PUT", path, {"network": {"tags": wrong}}),
            ("POST", "/networks", {"network": {"tags": wrong}}),
        ):
            message = api.refused(400, method, of, sent)["message"]
            assert "tags" in message
            assert "at most 50 different tags, each text of 1 to 255 characters" in message
    no_bodies: list[Any] = [{}, {"tag": []}, {"tags": [], "x": 1}, [], None]
    for wrong in no_bodies:
        api.refused(400, "PUT", f"{path}/tags", wrong)
    assert "1 to 255" in api.refused(400, "PUT", f"{path}/tags/{'x' * 256}")["message"]
    assert "control characters" in api.refused(400, "PUT", f"{path}/tags/a%0Ab")["message"]
    assert api.refused(404, "GET", f"{path}/tags/a%0Ab")["type"] == "TagNotFound"
    assert api.refused(404, "DELETE", f"{path}/tags/a%0Ab")["type"] == "TagNotFound"
    assert "at most 50" in api.refused(400, "GET", f"/networks?tags={','.join(map(str, range(51)))}")["message"]
    repeated = "&".join(f"tags-any={number}" for number in range(51))
    assert "at most 50" in api.refused(400, "GET", f"/networks?{repeated}")["message"]
    assert api.ask("GET", f"{path}/tags") == {"tags": ["kept"]}
    many = [f"{number:02}{longest[2:]}" for number in range(50)]
    assert api.ask("PUT", f"{path}/tags", {"tags": many})["tags"] == many
    assert "51 tags" in api.refused(400, "PUT", f"{path}/tags/kept")["message"]
    assert "51 tags" in api.refused(400, "POST", f"{path}/tags", {"tags": ["kept"]})["message"]


def test_tags_of_what_does_not_exist_are_not_found(api: Client) -> None:
    for record_id in (UNKNOWN, "blue"):
        for method, rest, sent in (
            ("GET", "", None),
            ("PUT", "", {"tags": ["a"]}),
            ("POST", "", {"tags": ["a"]}),
            ("DELETE", "", None),
            ("GET", "/a", None),
            ("PUT", "/a", None),
            ("DELETE", "/a", None),
        ):
            error = api.refused(404, method, f"/networks/{record_id}/tags{rest}", sent)
            assert error["type"] == "TagResourceNotFound"
    assert api.send("GET", f"/physical-networks/{UNKNOWN}/tags").status_code == 404


def test_the_library_takes_and_gives_tags(app: segmentary.Application) -> None:
    both = app.networks.create(tags=["red", "blue"])
    red = app.networks.create(tags={"red"})
    assert both.tags == ("blue", "red")
    assert app.networks.list(tags="red") == [both, red]
    assert app.networks.list(tags=["red", "blue"]) == [both]
    assert app.networks.list(tags_any=["blue", "green"]) == [both]
    assert app.networks.list(not_tags_any="blue") == [red]
    assert app.networks.update(red.id, tags=()).tags == ()
    with pytest.raises(InvalidValue, match="tags"):
        app.networks.create(tags="red")


def test_tags_added_at_the_same_time_are_all_kept(api: Client) -> None:
    network = api.network()
    names = [f"tag {number}" for number in range(8)]
    start = Barrier(len(names))

    def add(name: str) -> None:
        start.wait()
        api.send("PUT", f"/networks/{network['id']}/tags/{quote(name)}")

    threads = [Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = api.ask("GET", f"/networks/{network['id']}")["network"]
    assert (shown["tags"], shown["revision_number"]) == (names, len(names))
