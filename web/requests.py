"""What handlers receive and return: Litestar's generic types, filled in once."""

from typing import Annotated, Any

from litestar import Request, Response
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body

# Who acts is a dependency of its own (web/http/auth.py), so Litestar's user and auth stay unused.
HttpRequest = Request[object, object, State]
# A page, a redirect or a problem; Litestar types each by its content, which no caller of ours looks at.
HttpResponse = Response[Any]
# What a page's form sent: a text a name, or a list where a name was sent more than once (web/http/form_bodies.py).
FormData = Annotated[dict[str, object], Body(media_type=RequestEncodingType.URL_ENCODED)]
