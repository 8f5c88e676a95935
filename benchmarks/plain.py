"""What a plain script does: httpx, json, upserts into an order and a line table, one transaction a page.

Run as `python -m benchmarks.plain PORT FILE`; prints its figures as JSON. It keeps each order's text like the hub, but
checks nothing, scrubs nothing, knows no events and has no place to go on from.
"""

from __future__ import annotations

import json
import sqlite3
import sys

import httpx

from benchmarks.measuring import Stopwatch

TABLES = """
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY, number TEXT, status INTEGER, placed TEXT, updated TEXT, name TEXT, email TEXT, total REAL,
  raw TEXT);
CREATE TABLE IF NOT EXISTS lines (
  id INTEGER PRIMARY KEY, order_id INTEGER, sku TEXT, quantity REAL, price REAL, description TEXT);
"""


def read(port: int, database: sqlite3.Connection) -> int:
    """Read all orders into *database*; give how many there were."""
    count, offset = 0, 1
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/3dCartWebAPI/v2") as client:
        while True:
            answer = client.get("/Orders", params={"datestart": "01/01/2020", "limit": 300, "offset": offset})
            if answer.status_code == 404:
                return count
            orders = json.loads(answer.content)
            with database:
                database.executemany(
                    "INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET "
                    "number=excluded.number,"
                    "status=excluded.status,placed=excluded.placed,updated=excluded.updated,name=excluded.name,"
                    "email=excluded.email,total=excluded.total,raw=excluded.raw",
                    [
                        (
                            one["OrderID"],
                            one["InvoiceNumberPrefix"] + str(one["InvoiceNumber"]),
                            one["OrderStatusID"],
                            one["OrderDate"],
                            one["LastUpdate"],
                            one["BillingFirstName"] + " " + one["BillingLastName"],
                            one["BillingEmail"],
                            one["OrderAmount"],
                            json.dumps(one),
                        )
                        for one in orders
                    ],
                )
                database.executemany(
                    "INSERT INTO lines VALUES (?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET order_id=excluded.order_id,"
                    "sku=excluded.sku,quantity=excluded.quantity,price=excluded.price,description=excluded.description",
                    [
                        (
                            item["ItemIndexID"],
                            one["OrderID"],
                            item["ItemID"],
                            item["ItemQuantity"],
                            item["ItemUnitPrice"],
                            item["ItemDescription"],
                        )
                        for one in orders
                        for item in one["OrderItemList"]
                    ],
                )
            count += len(orders)
            offset += len(orders)


def main() -> None:
    """Read twice: fresh, then again."""
    port, file = int(sys.argv[1]), sys.argv[2]
    database = sqlite3.connect(file)
    database.executescript(TABLES)
    figures = {}
    for name in ("fresh", "again"):
        with Stopwatch() as watch:
            count = read(port, database)
        figures[name] = {**watch.figures(), "orders": count}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
