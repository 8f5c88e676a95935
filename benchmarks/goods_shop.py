"""A store of 3DCart's shape that offers many products, told from texts that were made beforehand.

Run as `python -m benchmarks.goods_shop PRODUCTS`; it prints its port. What is written to it is counted, not kept; the
count is told at `/writes`.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 200
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_FILLER = dict.fromkeys(
    [
        "MFGID",
        "ShortDescription",
        "Keywords",
        "Width",
        "DistributorID",
        "EmailOnSale",
        "PageTitle",
        "HeaderTag",
        "GTIN",
        "MetaTags",
        "RedirectLink",
    ],
    "",
)


def product(number: int) -> dict[str, Any]:
    """Make one product without variants."""
    return {
        "SKUInfo": {
            "CatalogID": number,
            "SKU": f"SKU-{number:05d}",
            "Name": f"Cotton Tee No. {number}",
            "Cost": 6.25,
            "Price": 20.5,
            "RetailPrice": 25.0,
            "SalePrice": 0.0,
            "OnSale": False,
            "Stock": float(number % 90),
        },
        **_FILLER,
        "Description": "A tee of heavy cotton, cut wide. " * 20,
        "DateCreated": "2024-05-06T10:11:09",
        "LastUpdate": "2024-05-06T10:11:09",
        "Hide": False,
        "NotForSale": False,
        "InventoryControl": -1,
        "AllowFractionalQuantity": False,
        "Weight": 0.5,
        "OptionSetList": [],
        "AdvancedOptionList": [],
        "CategoryList": [{"CategoryID": 7, "CategoryName": "Tees"}],
        "ImageGalleryList": [],
        "PluginList": {},
    }


class Shop:
    """Answers a bare HTTP/1.1."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._made = [json.dumps(product(number)).encode() for number in range(1, count + 1)]
        self._writes = {"calls": 0, "entries": 0}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                method, target, _ = head.split(b" ", 2)
                status, answer = self.written(body) if method == b"PUT" else self.answer(target.decode())
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
                    % (status, len(answer))
                )
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def written(self, body: bytes) -> tuple[bytes, bytes]:
        """Take figures."""
        entries = json.loads(body)
        self._writes["calls"] += bool(entries)  # an empty list is how the hub finds out whether it may write
        self._writes["entries"] += len(entries)
        told = [
            {
                "Key": "CatalogID",
                "Value": str(entry["SKUInfo"]["CatalogID"]),
                "Status": "200",
                "Message": "updated successfully",
            }
            for entry in entries
        ]
        return b"200 OK", json.dumps(told).encode()

    def answer(self, target: str) -> tuple[bytes, bytes]:
        """Give status and body: products where they are asked for, what the store is, and no orders."""
        address = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        resource = address.path.rstrip("/").rsplit("/", 1)[1]
        if resource == "writes":
            return b"200 OK", json.dumps(self._writes).encode()
        if resource == "StoreSettings":
            return b"200 OK", json.dumps([{"StoreStandards": {"StoreTimeZone": "UTC", "CurrencyCode": "USD"}}]).encode()
        if resource != "Products":
            return b"404 Not Found", b""
        if "countonly" in query:
            return b"200 OK", json.dumps({"TotalCount": self._count}).encode()
        start = max(int(query.get("offset", 1)), 1) - 1
        rows = self._made[start : start + min(int(query.get("limit", 10)), PAGE)]
        return (b"200 OK", b"[" + b",".join(rows) + b"]") if rows else (b"404 Not Found", b"")


async def main(count: int) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Shop(count).serve, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
