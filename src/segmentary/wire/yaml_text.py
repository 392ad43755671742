"""YAML, of which JSON is a part, as objects."""

from typing import Any

import yaml

from segmentary.errors import MalformedBody


class _Loader(yaml.CSafeLoader):
    """YAML in which no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002, PyYAML's
        """Return a mapping; refuse one in which a key stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if twice is not None:
            raise yaml.MarkedYAMLError(problem=f"the key {twice} stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep=deep)


def parsed(text: str) -> object:
    """Return what a text says; raise `MalformedBody` for what is no YAML."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506, a safe loader  # nosec B506
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise MalformedBody(reason=f"The file is not YAML: {' '.join(str(error).split())}") from None
