"""Made-up products as 3DCart spells them, but for what changes often: see `offers`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hub_core.testing.store import Dice, Product, Record
from hub_core.testing.store.catalogue import catalogue
from hub_threedcart.sandbox.shop import ProductFacets, ThreeDCartShop
from hub_threedcart.sandbox.spelling import dump

_IDS_APART = 1000
_YEARS_AGO = timedelta(days=900)


def _names(text: str) -> list[str]:
    return text.split()


_FLAGS = _names(
    "NonTaxable NotForSale Hide GiftCertificate HomeSpecial CategorySpecial NonSearchable GiftWrapItem "
    "SelfShip FreeShipping DisableRewards DoNotUseCategoryOptions AllowOnlyMultiples "
    "AllowFractionalQuantity GroupOptionsForQuantityPricing ApplyQuantityDiscountToOptions "
    "EnableMakeAnOfferFeature AssignKey ReUseKeys SampleEnable"
)
_LISTS = _names(
    "DistributorList ExternalIdsList CategoryExternalIdsList FeatureList ImageGalleryList "
    "RelatedProductList UpSellingItemList DiscountList SerialList EProductList"
)
_TEXTS = _names(
    "ShortDescription ManufacturerName GTIN InStockMessage OutOfStockMessage BackOrderMessage "
    "WarehouseCustom Keywords SampleName SampleSKUPrefix MainImageCaption ThumbnailFile MediaFile "
    "ListingTemplateName LoginRequiredOptionName LoginRequiredOptionRedirectTo RMAMaxPeriod CanonicalUrl "
    "TaxCode DisplayText QuantityOptions MinimumAcceptableOffer BuyButtonLink Title CustomFileName "
    "RedirectLink MetaTags SpecialInstructions"
)
_AMOUNTS = _names("ShipCost Height Width Depth SamplePrice SampleWeight ReviewAverage MinimumQuantity MaximumQuantity")
_WHOLE = _names("ManufacturerID RewardPoints RedeemPoints StockAlert ReorderQuantity ReviewCount ListingTemplateID")
_NULLS = ("UserID", "LoginRequiredOptionID", "AllowAccessCustomerGroupID", "AllowAccessCustomerGroupName")


def fill(shop: ThreeDCartShop, count: int, shared_as: int | None = None) -> None:
    """Put *count* made-up products into the store.

    With *shared_as* they are those that every such store sells, whatever its seed; the number makes their ids differ.
    """
    shared = shared_as is not None
    shop.goods = catalogue(Dice("shared") if shared else shop.dice, count, _IDS_APART * (shared_as or 0))
    facets = ProductFacets(shop.clock.wall(shop.clock.now() - _YEARS_AGO))
    for product in shop.goods:
        shop.products.put(Record(product.number, facets, dump(_members(shop, product))))


def _members(shop: ThreeDCartShop, product: Product) -> dict[str, Any]:
    page = f"{shop.address}/p_{product.number}.html"
    return {
        "MFGID": f"M-{product.number}",
        "DateCreated": "2019-02-19T00:00:00",
        "CategoryList": [{"CategoryID": 4, "CategoryName": "Apparel"}],
        "Weight": float(product.weight),
        "InventoryControl": -1,
        "WarehouseLocation": "A",
        "WarehouseBin": "12",
        "WarehouseAisle": "3",
        "Description": f"<p>{product.name}, as good as made up.</p>\r\n",
        "MainImageFile": f"assets/images/{product.number}.jpg",
        "OptionSetList": _option_sets(shop, product),
        "PluginList": {},
        "ProductLink": page,
        **dict.fromkeys(_FLAGS, False),
        **{name: [] for name in _LISTS},
        **dict.fromkeys(_TEXTS, ""),
        **dict.fromkeys(_AMOUNTS, 0.0),
        **dict.fromkeys(_WHOLE, 0),
        **dict.fromkeys(_NULLS),
        **{f"ExtraField{place}": "" for place in range(1, 14)},
        **{f"PriceLevel{place}": 0.0 for place in range(1, 11)},
        **{f"PriceLevel{place}Hide": False for place in range(1, 11)},
    }


def _option_sets(shop: ThreeDCartShop, product: Product) -> list[dict[str, Any]]:
    if product.variants:
        return [_option_set(product, product.choice, [_option(v.number, v.name, 0) for v in product.variants])]
    parts = [part for sku in product.parts if (part := shop.goods.get(shop.goods.named(sku)[0][0]))]
    options = [[_option(500 + place, part.name, part.number)] for place, part in enumerate(parts)]
    return [_option_set(product, part.name, choice) for part, choice in zip(parts, options, strict=True)]


def _option_set(product: Product, name: str, options: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "OptionSetID": product.number,
        "OptionSetName": name,
        "OptionSorting": 0.0,
        "OptionRequired": True,
        "OptionType": "Dropdown",
        "OptionURL": "",
        "OptionAdditionalInformation": "",
        "OptionSizeLimit": 0,
        "OptionList": options,
    }


def _option(number: int, name: str, bundled: int) -> dict[str, Any]:
    return {
        "OptionID": number,
        "OptionName": name,
        "OptionSelected": False,
        "OptionHide": False,
        "OptionValue": 0.0,
        "OptionPartNumber": "",
        "OptionSorting": 1.0,
        "OptionImagePath": "",
        "OptionBundleCatalogId": bundled,
        "OptionBundleQuantity": 1,
    }
