"""Reading what somebody kept in a spreadsheet: CSV files of any common dialect, checked whole, line by line."""

from hub_core.services.sheets.levels import LevelSheet as LevelSheet
from hub_core.services.sheets.levels import read_levels as read_levels
from hub_core.services.sheets.prices import PriceSheet as PriceSheet
from hub_core.services.sheets.prices import read_prices as read_prices
