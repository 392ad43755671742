"""Projects, as clients look them up where no Keystone answers: nothing is kept of a project but its id.

With an endpoint and no Keystone the `openstack` command asks the one service it knows about `--project P`.
"""

import falcon

from segmentary import errors
from segmentary.api.exchange import JSON
from segmentary.api.operation import Operation, in_path, json
from segmentary.catalog.action import ANYONE
from segmentary.catalog.quota import PROJECT
from segmentary.wire import encode, quota, schema

PROJECT_ID = in_path("project_id", schema.value(PROJECT), "The id of the project; it need not be known.")


class OneProject:
    """/v2.0/projects/{project}, and as version 2 of the Identity API has it: /v2.0/tenants/{project}."""

    def __init__(self, name: str, path: str = "") -> None:
        """Answer under this name; `path` tells two paths of one name apart."""
        self._name, self._identifier = name, f"show_{name}{path}"

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        shown = {"id": schema.TEXT, "name": schema.TEXT, "domain_id": schema.TEXT, "enabled": {"const": True}}
        show = Operation(
            identifier=self._identifier,
            summary=f"Say that there is such a {self._name}, whatever its id.",
            tag="projects",
            action=ANYONE,
            parameters=(PROJECT_ID,),
            answers=json(schema.closed({self._name: schema.closed(shown)})),
            errors=(errors.InvalidInput,),
        )
        return {"get": show}

    def on_get(self, _request: falcon.Request, response: falcon.Response, project_id: str) -> None:
        """Say that there is one."""
        found = quota.project(project_id)
        response.content_type = JSON
        response.data = encode.document(
            {self._name: {"id": found, "name": found, "domain_id": "default", "enabled": True}}
        )
