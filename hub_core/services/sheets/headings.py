"""Which column holds what: the usual names of columns in the languages of Europe, in any order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from hub_core.domain.currencies import DIGITS
from hub_core.domain.errors import InputError

_LETTERS: Final = re.compile(r"[^0-9a-z]+")
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "SKU": (
        "sku skus skucode skunumber skuno variantsku sellersku merchantsku itemsku productsku productvariantsku",
        """article articleno articlenr articlenumber articlecode item itemno itemnumber itemcode itemid partno
        partnumber productcode productno productnumber stockcode stockkeepingunit
        artikel artikelnr artikelnummer artnr artikelcode
        referencia reference ref refarticle codearticle codigo codigoarticulo codigoproducto codice codicearticolo
        kodproduktu indeks varenummer varenr tuotenumero kodzbozi cikkszam""",
    ),
    "quantity": (
        """quantity quantities qty available availablequantity quantityavailable availableqty stock stocks stocklevel
        stockquantity stockqty quantityinstock qtyinstock level levels onhand onhandquantity quantityonhand qtyonhand
        inventory inventoryquantity inventoryqty variantinventoryqty units count balance
        bestand lagerbestand menge anzahl stuck stueck stuckzahl verfugbar verfuegbar
        quantite stockdisponible disponible cantidad existencias unidades quantita giacenza disponibile disponibilita
        quantidade estoque disponivel aantal voorraad beschikbaar ilosc stan stanmagazynowy dostepne
        antal lager lagersaldo saldo antall lagerbeholdning beholdning maara varasto mnozstvi sklad mennyiseg
        keszlet""",
    ),
    "price": (
        """price regularprice unitprice listprice retailprice sellingprice salesprice variantprice amount
        preis verkaufspreis einzelpreis vk vkpreis betrag prix prixunitaire prixdevente precio precioventa importe
        prezzo prezzodivendita importo preco precovenda prijs verkoopprijs cena cenasprzedazy pris hinta ar""",
    ),
    "currency": (
        """currency currencycode isocurrency curr wahrung waehrung devise monnaie moneda divisa valuta moeda waluta
        mena valuutta penznem""",
    ),
}
"""What each column may be called, without marks and accents; a name of an earlier line goes before one of a later."""
_EXAMPLES: Final = {"SKU": "SKU", "quantity": "Quantity", "price": "Price", "currency": "Currency"}


class Columns:
    """Where each wanted column stands. *ignored* are the names of all others."""

    def __init__(self, header: Sequence[str], wanted: Sequence[str]) -> None:
        """Find the columns *wanted*. Raises InputError where two may be the same one."""
        self._header = [name.strip() for name in header]
        self.currency: str | None = None
        self.places: dict[str, int] = {}
        for what in wanted:
            place = self._place(what)
            if place is not None:
                self.places[what] = place
        taken = set(self.places.values())
        self.ignored = tuple(name for place, name in enumerate(self._header) if name and place not in taken)

    def need(self, what: str, or_else: str = "") -> int:
        """Give the place of a column. Raises InputError where it is missing; *or_else* says what else can be done."""
        if what in self.places:
            return self.places[what]
        there = ", ".join(map(repr, filter(None, self._header)))
        raise InputError(
            f"The file has no column for the {what}: its first line must name one, such as '{_EXAMPLES[what]}'"
            f"{or_else}, but it has {there[:300] or 'nothing'}. Nothing was changed."
        )

    def _place(self, what: str) -> int | None:
        plain = [_plain(name) for name in self._header]
        for names in _NAMES[what]:
            found = [place for place, name in enumerate(plain) if name in names.split()]
            found = found or (self._with_currency(plain, names.split()) if what == "price" else [])
            if len(found) > 1:
                several = " and ".join(repr(self._header[place]) for place in found)
                raise InputError(
                    f"Several columns may be the {what}: {several}. Rename all but one. Nothing was changed."
                )
            if found:
                return found[0]
        return None

    def _with_currency(self, plain: Sequence[str], names: Sequence[str]) -> list[int]:
        """Find a price whose currency stands in the name of its column, as in `Price (USD)`."""
        found = []
        for place, name in enumerate(plain):
            code = name[-3:].upper()
            if code in DIGITS and name[:-3] in names:
                self.currency = code
                found.append(place)
        return found


def score(header: Sequence[str]) -> tuple[int, int]:
    """Tell how much of a header is understood: how many columns are known, and how many there are."""
    known = {name for lines in _NAMES.values() for line in lines for name in line.split()}
    plain = [_plain(name) for name in header]
    return sum(name in known or (name[-3:].upper() in DIGITS and name[:-3] in known) for name in plain), len(plain)


def _plain(name: str) -> str:
    """Give a name without case, accents, blanks and marks."""
    letters = unicodedata.normalize("NFKD", name.casefold()).replace("\u0142", "l").replace("\xf8", "o")
    return _LETTERS.sub("", letters)
