"""A store of 3DCart's shape whose pages were made beforehand, so that the store is not what is measured.

Run as `python -m benchmarks.shop ORDERS`; it prints its port. Orders carry every member that the platform sends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 300
MADE_BEFOREHAND = 20_000
"""Orders beyond these are made when they are asked for: they would fill the memory, and only that is measured then."""


def line(order: int, number: int) -> dict[str, Any]:
    """Make one line of an order."""
    return {
        "CatalogID": number,
        "ItemIndexID": order * 10 + number,
        "ItemID": f"SKU-{(order + number) % 500}",
        "ItemShipmentID": 0,
        "ItemQuantity": float(number),
        "ItemWarehouseID": 0,
        "ItemDescription": "Cotton Tee<br><b>Size:</b>&nbsp;M",
        "ItemUnitPrice": 20.5,
        "ItemWeight": 0.5,
        "ItemOptionPrice": 0.0,
        "ItemAdditionalField1": "",
        "ItemAdditionalField2": "",
        "ItemAdditionalField3": "",
        "ItemPageAdded": "Cotton-Tee_p_11.html",
        "ItemAvailability": "",
        "ItemDateAdded": "2024-05-06T10:11:09",
        "ItemUnitCost": 6.25,
        "ItemUnitStock": 41.0,
        "ItemOptions": ",6",
        "ItemCatalogIDOptions": "",
        "ItemSerial": "",
        "ItemImage1": "assets/images/tee.jpg",
        "ItemImage2": "",
        "ItemImage3": "",
        "ItemImage4": "",
        "ItemWarehouseLocation": "A",
        "ItemWarehouseBin": "12",
        "ItemWarehouseAisle": "3",
        "ItemWarehouseCustom": "",
        "RecurringOrderFrequency": 0,
    }


def order(number: int, placed: str) -> dict[str, Any]:
    """Make one order of three lines that add up to 123.00, with shipping and tax 131.32."""
    address = {
        "FirstName": "Maya",
        "LastName": f"Fieldstone {number}",
        "Company": "",
        "Address": "410 Larkspur Ave",
        "Address2": "",
        "City": "Springfield",
        "State": "IL",
        "ZipCode": "62704",
        "Country": "US",
    }
    return {
        "InvoiceNumberPrefix": "AB-",
        "InvoiceNumber": number,
        "OrderID": number,
        "CustomerID": 311,
        "OrderDate": placed,
        "OrderStatusID": 4,
        "LastUpdate": placed,
        "UserID": "",
        "SalesPerson": "",
        "ContinueURL": f"https://demo-store.3dcartstores.example/continue_order.asp?orderkey=KEY{number}",
        "AlternateOrderID": "",
        "OrderType": "",
        "PaymentTokenID": 0,
        **{f"Billing{name}": value for name, value in address.items()},
        "BillingPhoneNumber": "555-0101",
        "BillingEmail": "maya.fieldstone@example.com",
        "BillingPaymentMethod": "Credit Card",
        "BillingOnLinePayment": True,
        "BillingPaymentMethodID": "13",
        "ShipmentList": [
            {
                "ShipmentID": 0,
                "ShipmentLastUpdate": placed,
                "ShipmentBoxes": 1,
                "ShipmentInternalComment": "",
                "ShipmentOrderStatus": 4,
                **{f"Shipment{name}": value for name, value in address.items()},
                "ShipmentAlias": "",
                "ShipmentCost": 7.95,
                "ShipmentEmail": "",
                "ShipmentMethodID": 0,
                "ShipmentMethodName": "USPS - Priority Mail",
                "ShipmentShippedDate": "",
                "ShipmentPhone": "555-0101",
                "ShipmentTax": 0.0,
                "ShipmentWeight": 1.5,
                "ShipmentTrackingCode": f"1Z999EXAMPLE{number:08d}",
                "ShipmentUserID": "",
                "ShipmentNumber": 1,
                "ShipmentAddressTypeID": 0,
            }
        ],
        "OrderItemList": [line(number, place) for place in (1, 2, 3)],
        "PromotionList": [],
        "OrderDiscount": 0.0,
        "OrderDiscountCoupon": 0.0,
        "OrderDiscountPromotion": 0.0,
        "SalesTax": 0.37,
        "SalesTax2": 0.0,
        "SalesTax3": 0.0,
        "OrderAmount": 131.32,
        "AffiliateCommission": 0.0,
        "TransactionList": [
            {
                "TransactionIndexID": number,
                "OrderID": number,
                "TransactionID": "900000123",
                "TransactionDateTime": placed,
                "TransactionType": "Sale",
                "TransactionMethod": "Credit Card",
                "TransactionAmount": 131.32,
                "TransactionApproval": "123456",
                "TransactionReference": "",
                "TransactionGatewayID": 20,
                "TransactionCVV2": "",
                "TransactionAVS": "Y",
                "TransactionResponseText": "",
                "TransactionResponseCode": "",
                "TransactionCaptured": 1,
            }
        ],
        "CardType": "Visa",
        "CardNumber": "XXXX-XXXX-XXXX-1111",
        "CardName": f"Maya Fieldstone {number}",
        "CardExpirationMonth": "12",
        "CardExpirationYear": "2099",
        "CardIssueNumber": "",
        "CardStartMonth": "",
        "CardStartYear": "",
        "CardAddress": "",
        "CardVerification": "",
        "RewardPoints": "",
        "QuestionList": [],
        "Referer": "",
        "IP": "203.0.113.20",
        "CustomerComments": "",
        "InternalComments": "",
        "ExternalComments": "",
    }


class Shop:
    """Answers a bare HTTP/1.1 with texts that were made at the start."""

    def __init__(self, count: int) -> None:
        placed = datetime.now(UTC) - timedelta(hours=20)
        self._placed = placed
        self._count = count
        self._made = [self._make(number) for number in range(1, min(count, MADE_BEFOREHAND) + 1)]

    def _make(self, number: int) -> bytes:
        placed = self._placed + timedelta(seconds=number % 3600)
        return json.dumps(order(number, f"{placed:%Y-%m-%dT%H:%M:%S}")).encode()

    def _texts(self, start: int, stop: int) -> list[bytes]:
        late = range(max(start, len(self._made)), min(stop, self._count))
        return [*self._made[start:stop], *(self._make(place + 1) for place in late)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                status, body = self.answer(head.split(b" ", 2)[1].decode())
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
                    % (status, len(body))
                )
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, target: str) -> tuple[bytes, bytes]:
        """Give status and body: all orders where they are asked for by date up to now, otherwise nothing."""
        address = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        resource = address.path.rstrip("/").rsplit("/", 1)[1]
        if resource == "StoreSettings":
            standards = {"StoreTimeZone": "UTC", "CurrencyCode": "USD"}
            return b"200 OK", json.dumps([{"StoreStandards": standards}]).encode()
        if resource != "Orders" or not query.keys().isdisjoint({"dateend", "orderstatus", "lastupdatestart"}):
            return b"404 Not Found", b""
        if "countonly" in query:
            return b"200 OK", json.dumps({"TotalCount": self._count}).encode()
        start = max(int(query.get("offset", 1)), 1) - 1
        rows = self._texts(start, start + min(int(query.get("limit", 10)), PAGE))
        return (b"200 OK", b"[" + b",".join(rows) + b"]") if rows else (b"404 Not Found", b"")


async def main(count: int) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Shop(count).serve, "127.0.0.1", 0, limit=2**16)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
