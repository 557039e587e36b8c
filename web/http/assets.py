"""Static files. Their address contains a hash of them all, so a browser may cache them for ever."""

import mimetypes
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from web.requests import HttpRequest

# Scripts and style sheets lie beside the pages that use them; a file's address is its path below web/.
ROOT = Path(__file__).parent.parent
SUFFIXES = frozenset({".js", ".css", ".svg", ".png", ".woff2"})
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"

_VERSION = re.compile(r"^/?[0-9a-f]{12}/")
# What the system's own table of types may not know, or know otherwise.
_TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json"}


@dataclass(frozen=True, slots=True)
class Assets:
    """The folder, and the version, a hash of its content."""

    root: Path
    version: str

    def address(self, path: str) -> str:
        """Return the address of a file; relative imports between modules keep its version."""
        return f"/static/{self.version}/{path}"

    def find(self, path: str) -> Path | None:
        """Return the file, never one outside the folder nor one of the program."""
        try:
            found = (self.root / path).resolve()
            served = found.suffix in SUFFIXES and found.is_relative_to(self.root) and found.is_file()
        except OSError:  # a name that is longer than any file's
            return None
        return found if served else None


def read_assets(root: Path = ROOT) -> Assets:
    """Hash every served file of the folder."""
    root = root.resolve()
    digest = sha256()
    for file in sorted(file for file in root.rglob("*") if file.suffix in SUFFIXES and file.is_file()):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes())
    return Assets(root, digest.hexdigest()[:12])


# Not in a thread: small files of this machine, and threads may all wait for a database that hangs.
@get("/static/{file:path}", sync_to_thread=False, include_in_schema=False)
def static_file(file: FromPath[str], request: HttpRequest, assets: NamedDependency[Assets]) -> Response[bytes]:
    """Serve a file; one of another version (a process that was updated first) is served without being kept."""
    path = str(file).removeprefix("/")
    bare = _VERSION.sub("", path)
    found = assets.find(bare) if "\0" not in bare else None
    if found is None:
        raise NotFoundException(detail=f"there is no file {path}")
    content = found.read_bytes()
    etag = f'"{sha256(content).hexdigest()[:24]}"'
    kept = path.startswith(f"{assets.version}/")
    headers = {"ETag": etag, "Cache-Control": FOR_GOOD if kept else ASK_EACH_TIME}
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    kind = _TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=headers)
