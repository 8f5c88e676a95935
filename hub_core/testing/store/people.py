"""Made-up people: none of them exists, and some of them type carelessly."""

from __future__ import annotations

from hub_core.testing.store.dice import Dice
from hub_core.testing.store.records import Person

_FIRST = ("Maya", "Orin", "Ruth", "Jonah", "Delphine", "Tomás", "Zoë", "Anil", "Grete", "Noor", "Ivo", "Lucía")
_LAST = ("Fieldstone", "Castellane", "Pemberly", "Marrow", "Abernack", "O'Dell", "Müller-Voss", "Quist", "Ngo", "Łaska")
_COMPANIES = ("Example Trading Co", "Harbor & Sons", "Blue Door, Inc.")
_STREETS = ("Larkspur Ave", "Quarry Rd", "Old Mill Ln", "Harbor View Ct", "Elm St", "Cider Hill Way")
_PLACES = (
    ("Springfield", "IL", "62704", "US"),
    ("Fairview", "OR", "97024", "US"),
    ("Georgetown", "TX", "78626", "US"),
    ("Salem", "MA", "01970", "US"),
    ("Guelph", "ON", "N1H 3A1", "CA"),
    ("Aarhus", "", "8000", "DK"),
)
_CARELESS = (
    ("DURHAM", "CO DURHAM", "NIL", "GB"),
    ("sydney", "nsw", "2000", "AU"),
    ("Leeds", "NIL", "LS1 4AP", "EN"),
    ("Toronto", "NY", "M5V 2T6", "CA"),
)


def person(dice: Dice) -> Person:
    """Make up somebody with an address; one in twenty fills the form in carelessly."""
    careless = dice.hits(0.05)
    city, region, postcode, country = dice.choice(_CARELESS if careless else _PLACES)
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    return Person(
        first=first + "  " * careless,
        last=last,
        company=dice.choice(_COMPANIES) if dice.hits(0.1) else "",
        street=f"{dice.randint(1, 1999)} {dice.choice(_STREETS)}",
        street2=f"Apt {dice.randint(1, 40)}" if dice.hits(0.2) else "",
        city=city,
        region=region,
        postcode=postcode,
        country=country,
        phone=f"555-01{dice.randint(0, 99):02}",
        email=f"buyer{dice.digits(6)}@example.com",
    )
