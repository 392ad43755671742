"""Access rules allow the requests that they name, and no others."""

import pytest

from segmentary.services.access_rules import of_service


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        (
            "/v2.0/networks",
            ["/v2.0/networks"],
            ["/v2.0/networks/", "/v2.0/network", "/v2.0/networks/x", "", "x/v2.0/networks"],
        ),
        ("/v2.0/networks/*", ["/v2.0/networks/x"], ["/v2.0/networks", "/v2.0/networks/", "/v2.0/networks/x/y"]),
        ("/v2.0/networks/{id}/tags", ["/v2.0/networks/x/tags"], ["/v2.0/networks//tags", "/v2.0/networks/x/y/tags"]),
        ("/v2.0/**", ["/v2.0/", "/v2.0/x", "/v2.0/x/y"], ["/v2.0", "/v3/x"]),
        ("**", ["", "/", "/any/thing"], []),
        ("/**/tags/*", ["/a/tags/b", "/a/b/tags/c", "//tags/c"], ["/tags/c", "/a/tags/b/c", "/a/tags/"]),
        ("/a.b", ["/a.b"], ["/axb"]),
    ],
)
def test_paths(rule: str, allowed: list[str], refused: list[str]) -> None:
    (one,) = of_service([{"service": "network", "method": "GET", "path": rule}])
    assert [path for path in allowed if not one.allows("GET", path)] == []
    assert [path for path in refused if one.allows("GET", path)] == []
    assert not any(one.allows("POST", path) for path in allowed)


def test_rules_of_other_services_allow_nothing_here() -> None:
    assert of_service([{"service": "compute", "method": "GET", "path": "**"}]) == ()


def test_rule_of_many_wildcards_is_read_in_one_pass() -> None:
    (one,) = of_service([{"service": "network", "method": "GET", "path": "**a" * 40 + "b"}])
    assert not one.allows("GET", "a" * 5000)
