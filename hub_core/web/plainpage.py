"""A page of one heading and one sentence: what a person reads who comes back from a platform."""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds what the platform sent along
}
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{heading}</title></head>
<body><main><h1>{heading}</h1><p>{sentence}</p></main></body>
</html>
"""


def plain_page(status: int, heading: str, sentence: str) -> HTMLResponse:
    """Make the page; both texts may hold anything."""
    content = _PAGE.format(heading=escape(heading), sentence=escape(sentence))
    return HTMLResponse(content, status, _HEADERS)
