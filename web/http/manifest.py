"""`/manifest.webmanifest`: what a phone needs to put Octopus on its home screen."""

from litestar import Response, get
from litestar.di import NamedDependency

from schemas.site import Site
from web.http.assets import Assets


@get("/manifest.webmanifest", include_in_schema=False, sync_to_thread=False)
def manifest(site: NamedDependency[Site], assets: NamedDependency[Assets]) -> Response[dict[str, object]]:
    """Describe the application; its icons carry the assets' version."""
    icons = [
        {"src": assets.address("static/icons/octopus.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": assets.address("static/icons/octopus-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": assets.address("static/icons/octopus-512.png"), "sizes": "512x512", "type": "image/png"},
    ]
    content: dict[str, object] = {
        "name": f"Octopus – {site.name}",
        "short_name": "Octopus",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f5f4",
        "theme_color": "#14606b",
        "icons": icons,
    }
    return Response(content, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})
