"""Quotas: limits of projects, as Neutron has them below /v2.0/quotas."""

import falcon

from segmentary import errors
from segmentary.api.body import Bodies
from segmentary.api.exchange import JSON, require_no_body
from segmentary.api.operation import Operation, in_path, json
from segmentary.app import Application
from segmentary.catalog.action import ANYONE
from segmentary.catalog.quota import PROJECT
from segmentary.wire import encode, quota, schema

TAG = "quotas"
PROJECT_ID = in_path("project_id", schema.value(PROJECT), "The id of the project; it need not be known.")
READ_ERRORS = (errors.InvalidInput,)


class Quotas:
    """/v2.0/quotas: the projects with limits of their own."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        summary = "List the projects that have limits of their own."
        return {
            "get": Operation(
                identifier="list_quotas", summary=summary, tag=TAG, action="get_quota", answers=json(quota.LISTED)
            )
        }

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """List."""
        found = [
            {**limits, "project_id": project, "tenant_id": project}
            for project, limits in self._app.quotas.list().items()
        ]
        _answer(response, {"quotas": found})


class OneQuota:
    """/v2.0/quotas/{project}."""

    def __init__(self, app: Application, bodies: Bodies) -> None:
        """Serve an application."""
        self._app, self._bodies = app, bodies

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return {
            "get": _shows("show_quota", "Show the limits of a project.", quota.SHOWN),
            "put": Operation(
                identifier="update_quota",
                summary="Set limits of a project: those that the body leaves out stay.",
                tag=TAG,
                action="update_quota",
                parameters=(PROJECT_ID,),
                body=quota.UPDATE,
                answers=json(quota.SHOWN),
                errors=(errors.InvalidInput, errors.BodyTooLarge),
            ),
            "delete": Operation(
                identifier="delete_quota",
                summary="Give a project the defaults again.",
                tag=TAG,
                action="delete_quota",
                parameters=(PROJECT_ID,),
                status=204,
                errors=(errors.InvalidInput, errors.TenantQuotaNotFound),
            ),
        }

    def on_get(self, _request: falcon.Request, response: falcon.Response, project_id: str) -> None:
        """Show."""
        _answer(response, {"quota": self._app.quotas.show(quota.project(project_id))})

    def on_put(self, request: falcon.Request, response: falcon.Response, project_id: str) -> None:
        """Set."""
        asked = quota.change(self._bodies.read(request))
        _answer(response, {"quota": self._app.quotas.set(quota.project(project_id), asked.limits, force=asked.force)})

    def on_delete(self, request: falcon.Request, response: falcon.Response, project_id: str) -> None:
        """Forget."""
        require_no_body(request)
        self._app.quotas.delete(quota.project(project_id))
        response.status = falcon.HTTP_204


class DefaultQuota:
    """/v2.0/quotas/{project}/default."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return {
            "get": _shows("show_default_quota", "Show the limits of projects without any of their own.", quota.SHOWN)
        }

    def on_get(self, _request: falcon.Request, response: falcon.Response, project_id: str) -> None:
        """Show."""
        quota.project(project_id)
        _answer(response, {"quota": self._app.quotas.default()})


class QuotaDetails:
    """/v2.0/quotas/{project}/details."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return {"get": _shows("show_quota_details", "Show the limits of a project and what it uses.", quota.DETAILED)}

    def on_get(self, _request: falcon.Request, response: falcon.Response, project_id: str) -> None:
        """Show; nothing is ever reserved, a create counts from its commit on."""
        usage = self._app.quotas.usage(quota.project(project_id))
        details = {name: {"limit": one.limit, "used": one.used, "reserved": 0} for name, one in usage.items()}
        _answer(response, {"quota": details})


class OwnProject:
    """/v2.0/quotas/project and /v2.0/quotas/tenant: the project of the caller, by either name."""

    def __init__(self, name: str) -> None:
        """Answer under this name."""
        self._name = name

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        shown = schema.closed({self._name: schema.closed({f"{self._name}_id": schema.TEXT})})
        summary = f"Show the {self._name} of the caller."
        return {
            "get": Operation(
                identifier=f"show_own_{self._name}", summary=summary, tag=TAG, action=ANYONE, answers=json(shown)
            ),
        }

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Show."""
        _answer(response, {self._name: {f"{self._name}_id": request.context.actor.project_id}})


def _shows(identifier: str, summary: str, shown: schema.Schema) -> Operation:
    return Operation(
        identifier=identifier,
        summary=summary,
        tag=TAG,
        action="get_quota",
        parameters=(PROJECT_ID,),
        answers=json(shown),
        errors=READ_ERRORS,
    )


def _answer(response: falcon.Response, body: object) -> None:
    response.content_type = JSON
    response.data = encode.document(body)
