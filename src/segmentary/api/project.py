"""Projects, as clients look them up where no Keystone answers: nothing is kept of a project but its id.

With an endpoint and no Keystone the `openstack` command asks the one service it knows about `--project P`.
"""

import falcon

from segmentary import errors
from segmentary.api.exchange import JSON, parameters
from segmentary.api.operation import Operation, in_path, json
from segmentary.app import Application
from segmentary.catalog.action import ANYONE
from segmentary.catalog.quota import PROJECT
from segmentary.wire import encode, quota, schema

SHOWN = {"id": schema.TEXT, "name": schema.TEXT, "domain_id": schema.TEXT, "enabled": {"const": True}}
PROJECT_ID = in_path("project_id", schema.value(PROJECT), "The id of the project; it need not be known.")


class OneProject:
    """/v2.0/projects/{project}, and as version 2 of the Identity API has it: /v2.0/tenants/{project}."""

    def __init__(self, name: str, path: str = "") -> None:
        """Answer under this name; `path` tells two paths of one name apart."""
        self._name, self._identifier = name, f"show_{name}{path}"

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        show = Operation(
            identifier=self._identifier,
            summary=f"Say that there is such a {self._name}, whatever its id.",
            tag="projects",
            action=ANYONE,
            parameters=(PROJECT_ID,),
            answers=json(schema.closed({self._name: schema.closed(SHOWN)})),
            errors=(errors.InvalidInput,),
        )
        return {"get": show}

    def on_get(self, _request: falcon.Request, response: falcon.Response, project_id: str) -> None:
        """Say that there is one."""
        found = quota.project(project_id)
        response.content_type = JSON
        response.data = encode.document({self._name: _shown(found)})


class Projects:
    """/v2.0/projects: those that clients go through for their quotas."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        listed = Operation(
            identifier="list_projects",
            action="get_quota",
            summary="List the project of the caller and those that have quotas of their own, or one by its name.",
            tag="projects",
            parameters=(schema.option("name", schema.value(PROJECT), "The name of a project: there is one."),),
            answers=json(schema.closed({"projects": schema.array(schema.closed(SHOWN))})),
            errors=(errors.InvalidInput,),
        )
        return {"get": listed}

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List."""
        named = [quota.project(value) for key, value in parameters(request) if key == "name"]
        found = named or sorted({request.context.actor.project_id, *self._app.quotas.list()} - {""})
        response.content_type = JSON
        response.data = encode.document({"projects": [_shown(one) for one in found]})


def _shown(project: str) -> dict[str, object]:
    return {"id": project, "name": project, "domain_id": "default", "enabled": True}
