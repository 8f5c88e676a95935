"""What a plain script does with the same products: reads them into a table, and writes their stock a hundred at once.

Run as `python -m benchmarks.goods_plain PORT FILE`; prints its figures as JSON. It checks nothing but the status.
"""

from __future__ import annotations

import json
import sqlite3
import sys

import httpx

from benchmarks.measuring import Stopwatch

TABLE = "CREATE TABLE products (id INTEGER PRIMARY KEY, sku TEXT, name TEXT, stock REAL, price REAL, sent REAL)"
BATCH = 100


def read(client: httpx.Client, database: sqlite3.Connection) -> int:
    """Read all products; give how many there were."""
    offset = 1
    while True:
        answer = client.get("/Products", params={"limit": 200, "offset": offset})
        if answer.status_code == 404:
            return offset - 1
        rows = [one["SKUInfo"] for one in json.loads(answer.content)]
        with database:
            database.executemany(
                "INSERT INTO products VALUES (?,?,?,?,?,NULL) ON CONFLICT (id) DO UPDATE SET sku=excluded.sku,"
                "name=excluded.name,stock=excluded.stock,price=excluded.price",
                [(one["CatalogID"], one["SKU"], one["Name"], one["Stock"], one["Price"]) for one in rows],
            )
        offset += len(rows)


def push(client: httpx.Client, database: sqlite3.Connection) -> int:
    """Write the stock of all products that have something else than what was sent; give how many."""
    count = 0
    while True:
        rows = database.execute(
            "SELECT id, stock FROM products WHERE sent IS NULL OR sent <> stock LIMIT ?", (BATCH,)
        ).fetchall()
        if not rows:
            return count
        entries = [{"SKUInfo": {"CatalogID": one, "Stock": stock}} for one, stock in rows]
        answer = client.put("/Products", json=entries)
        answer.raise_for_status()
        sent = {row["Value"] for row in json.loads(answer.content) if row["Status"] == "200"}
        with database:
            database.executemany(
                "UPDATE products SET sent=? WHERE id=?", [(stock, one) for one, stock in rows if str(one) in sent]
            )
        count += len(rows)


def main() -> None:
    """Read, change every level, and push."""
    port, file = int(sys.argv[1]), sys.argv[2]
    database = sqlite3.connect(file)
    database.execute(TABLE)
    figures = {}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/3dCartWebAPI/v2") as client:
        with Stopwatch() as watch:
            count = read(client, database)
        figures["read"] = {**watch.figures(), "count": count}
        with database:
            database.execute("UPDATE products SET stock = stock + 1")
        with Stopwatch() as watch:
            count = push(client, database)
        figures["push"] = {**watch.figures(), "count": count}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
