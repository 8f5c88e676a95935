"""The command `threedcart-sandbox`."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from hub_core.testing.store import SteeringError
from hub_core.testing.store.serving import listen, server_for
from hub_core.testing.store.wishes import moment_from
from hub_threedcart.sandbox.oauth import OAUTH_ROOT
from hub_threedcart.sandbox.sandbox import API_ROOT, Sandbox
from hub_threedcart.sandbox.shop import PRIVATE_KEY


class Nothing(Enum):
    """The ways of saying that a list has no rows."""

    NOT_FOUND = "404"
    ERROR_ARRAY = "400"
    SERVER_ERROR = "500"
    EMPTY = "empty"
    ARRAY = "array"


def sandbox(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")] = 8300,
    orders: Annotated[int | None, typer.Option(min=0, help="Orders of each store (50; 0 with --orders-from).")] = None,
    products: Annotated[int, typer.Option(min=0, help="Products of each store.")] = 20,
    stores: Annotated[int, typer.Option(min=1, help="How many stores.")] = 1,
    new_order_every: Annotated[float | None, typer.Option(min=0.01, help="Seconds between new orders.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same stores.")] = 1,
    timezone: Annotated[str, typer.Option(help="Zone of the stores, by its IANA name.")] = "America/New_York",
    clock: Annotated[str | None, typer.Option(help="Time at which the stores' clocks start (ISO 8601).")] = None,
    days: Annotated[float, typer.Option(min=0.01, help="Over how many past days the orders are spread.")] = 25,
    orders_from: Annotated[Path | None, typer.Option(help="Folder of real answers, served as they are.")] = None,
    page_cap: Annotated[int | None, typer.Option(min=1, help="Rows of a page, below the documented most.")] = None,
    rate: Annotated[bool, typer.Option(help="Refuse more than 50 requests at once, draining at 2 a second.")] = True,
    empty_answer: Annotated[Nothing, typer.Option(help="How a list says that it has no rows.")] = Nothing.NOT_FOUND,
    store_url: Annotated[list[str] | None, typer.Option(help="Address of the first store, of the next …")] = None,
    token: Annotated[list[str] | None, typer.Option(help="Token of the first store, of the next …")] = None,
    private_key: Annotated[str, typer.Option(help="The app's private key.")] = PRIVATE_KEY,
    shared_products: Annotated[bool, typer.Option(help="Let all stores sell the same, whatever the seed.")] = False,
    restock: Annotated[bool, typer.Option(help="Let cancelled orders give back what they took.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it is as one line of JSON.")] = False,
) -> None:
    """Run local stores that answer like the 3DCart API, until Ctrl-C.

    Example: threedcart-sandbox --orders 200 --new-order-every 5
    """
    _check(timezone, clock, orders_from)
    made = Sandbox(
        orders=(0 if orders_from else 50) if orders is None else orders,
        products=products,
        stores=stores,
        seed=seed,
        timezone=timezone,
        clock=clock,
        running=True,
        days=days,
        orders_from=orders_from,
        rate=rate,
        nothing=empty_answer.value,
        page_cap=page_cap,
        urls=store_url or (),
        tokens=token or (),
        private_key=private_key,
        new_order_every=new_order_every,
        shared_products=shared_products,
        restock=restock,
    )
    _run(made, host, port, as_json=as_json)


def main() -> None:
    """Run the command."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(sandbox)
    app()


def _check(timezone: str, clock: str | None, folder: Path | None) -> None:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        _fail(f"There is no time zone {timezone!r}: give an IANA name such as America/New_York.")
    try:
        moment_from(clock or "2024-01-01")
    except SteeringError as error:
        _fail(str(error))
    if folder and not folder.is_dir():
        _fail(f"There is no folder {folder}: give one with JSON files of orders to --orders-from.")


def _run(made: Sandbox, host: str, port: int, *, as_json: bool) -> None:
    try:
        listener = listen(host, port)
    except OSError as error:
        _fail(f"Cannot listen on {host} port {port} ({error.strerror}): choose another with --port, or 0 for any.")
    shown = f"[{host}]" if ":" in host else host
    root = f"http://{shown}:{listener.getsockname()[1]}"
    try:
        typer.echo(json.dumps(_facts(made, root)) if as_json else _text(made, root))
        server_for(made.app).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def _facts(made: Sandbox, root: str) -> dict[str, object]:
    stores = [{"name": shop.name, **made.api.wire.describe(shop)} for shop in made.shops.values()]
    names = ("name", "title", "address", "public_key", "private_key", "token", "bearer")
    return {
        "api_url": root + API_ROOT,
        "oauth_url": root + OAUTH_ROOT,
        "steering_url": root + "/_sandbox",
        "timezone": made.timezone,
    } | {"stores": [{name: store[name] for name in names} for store in stores]}


def _text(made: Sandbox, root: str) -> str:
    lines = [f"A 3DCart sandbox listens on {root} (Ctrl-C stops it).", *(made.loaded.notes if made.loaded else ())]
    for shop in made.shops.values():
        lines += [
            "",
            f"{shop.title}: {len(shop.orders)} orders, {len(shop.goods)} products, zone {shop.clock.zone.key}",
            f"  store address  {shop.address}",
            f"  public key     {shop.public_key}",
            f"  private key    {shop.private_key}",
            f"  token          {shop.token}",
            f"  access token   {shop.bearer}  (instead of the three above, as Authorization: Bearer)",
        ]
    return "\n".join(
        [
            *lines,
            "",
            "Let the hub talk to it with",
            f"  THREEDCART_API_URL={root}{API_ROOT}",
            f"  THREEDCART_OAUTH_URL={root}{OAUTH_ROOT}  (where merchants sign in, instead of pasting a token)",
            "  HUB_ALLOW_PRIVATE_NETWORK=1",
            "See and steer it (faults, orders, clock, meter) below",
            f"  {root}/_sandbox",
        ]
    )


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
