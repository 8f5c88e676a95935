"""The channel's picture: our own drawing of a cart with three sides, not the platform's trademark."""

from __future__ import annotations

from typing import Final

LOGO: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#1f6f8b" stroke-width="1.6" '
    'stroke-linejoin="round" stroke-linecap="round"><path d="M2 4h3l2.4 11h10.2"/>'
    '<path d="M8 7.5 13 5l6.5 2.5v4.2L14 14l-6-2.3zM8 7.5l6 2.3 5.5-2.3M14 9.8V14"/>'
    '<circle cx="9" cy="19" r="1.4"/><circle cx="16.5" cy="19" r="1.4"/></svg>'
)
