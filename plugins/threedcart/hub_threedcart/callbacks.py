"""What 3DCart posts when a merchant adds or removes the app (`CallBackURL` of the developer portal)."""

from __future__ import annotations

import hmac
import json
import re
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from hub_core import CallbackAnswer, CallbackRequest, Connection, Grant, Revocation
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings, environment

_COMMA_BEFORE_END: Final = re.compile(rb",(\s*[}\]])")
_NAMES: Final = ("publickey", "tokenkey", "action", "secureurl")


def read(connection: Connection, request: CallbackRequest) -> CallbackAnswer:
    """Read a callback. The answer is always 200: anything else is shown to the merchant as a server that is down."""
    told = _told(request.body)
    if told is None:
        return CallbackAnswer(problem="it is not what 3DCart sends.")
    if connection.application is None:
        return CallbackAnswer(problem="the hub has no keys of a 3DCart app; run: hub application set threedcart")
    ours = connection.application_as(ThreeDCartApplication).public_key
    if not hmac.compare_digest(told["publickey"].encode(), ours.encode()):
        return CallbackAnswer(problem="its public key is not that of the hub's app.")
    try:
        store_key = ThreeDCartSettings(store_url=told["secureurl"]).store_key
        credentials = ThreeDCartCredentials(token=SecretStr(told["tokenkey"]))
    except ValidationError:
        return CallbackAnswer(problem="its store address or its token is none.")
    return _answer(told["action"].upper(), store_key, credentials)


def _answer(action: str, store_key: str, credentials: ThreeDCartCredentials) -> CallbackAnswer:
    if action == "AUTHORIZE":
        body, grant = _welcome(), Grant(store_key=store_key, credentials=credentials)
        return CallbackAnswer(grants=(grant,), body=body, content_type="application/json" if body else "text/plain")
    if action == "REMOVE":
        return CallbackAnswer(revocations=(Revocation(store_key=store_key, credentials=credentials),))
    return CallbackAnswer(problem="it neither grants nor takes back access.")


def _told(body: bytes) -> dict[str, str] | None:
    """Give the members; None where one is missing. 3DCart's own sample ends with a comma, which JSON does not allow."""
    tree: Any = None
    for text in (body, _COMMA_BEFORE_END.sub(rb"\1", body)):
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            continue
        break
    if not isinstance(tree, dict):
        return None
    told = {str(name).lower(): value.strip() for name, value in tree.items() if isinstance(value, str)}
    return told if all(told.get(name) for name in _NAMES) else None


def _welcome() -> bytes:
    """Name the page that 3DCart is to open for the merchant, where there is one."""
    page = environment().postback_url
    return json.dumps({"PostBackURL": page}).encode() if page else b""
