"""The API's own description (OpenAPI), as JSON at /schema. A page that draws it would need a network outside."""

from typing import Any

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema
from litestar.plugins import OpenAPISchemaPlugin
from pydantic import AwareDatetime

from service.version import octopus_version


class InstantSchema(OpenAPISchemaPlugin):
    """Instants, which Litestar 2.25 would describe with an example that is no JSON."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return value is AwareDatetime

    def to_openapi_schema(self, *_: Any, **__: Any) -> Schema:
        return Schema(
            type=OpenAPIType.STRING,
            format=OpenAPIFormat.DATE_TIME,
            description="RFC 3339 in UTC",
            examples=["2026-11-23T14:28:23.376Z"],
        )


def openapi_config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Octopus",
        version=octopus_version(),
        description="Live values, history and experiments of the site's cells.",
        path="/schema",
        openapi_router=Router(
            "/schema", route_handlers=[], opt={"access": "lab", "machines": True}, include_in_schema=False
        ),
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
        use_handler_docstrings=True,
    )
