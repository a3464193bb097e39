"""Reading a file of invoice lines: its columns checked, its prices exact, its times in UTC."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from workbench.errors import InputInvalid

__all__ = ["PRICE_DECIMALS", "order_lines"]

PRICE_DECIMALS = 3
TIMEZONE = "Europe/London"

_COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)


def order_lines(path: Path) -> pd.DataFrame:
    """One row an invoice line, in the file's order.

    Args:
        path: parquet or csv with the columns of UCI Online Retail; InvoiceDate is wall time of
            London, and 12/1/2010 the first of December.

    Returns:
        invoice (text), is_cancelled, sku, name, quantity, price (thousandths), wall (naive), at
        (UTC second), customer (number, or missing), country.

    Raises:
        InputInvalid: the file cannot be read, lacks a column, or holds a value of another kind.
    """
    raw = _raw_lines(path)
    if missing := [name for name in _COLUMNS if name not in raw.columns]:
        raise InputInvalid(
            f"{path} lacks the columns {', '.join(missing)}",
            hint=f"the columns of UCI Online Retail are {', '.join(_COLUMNS)}",
        )
    if raw.empty:
        raise InputInvalid(f"{path} holds no order", hint="pass a file with invoice lines")
    invoice = raw["InvoiceNo"].astype(str).str.strip()
    wall = _instants(path, raw)
    return pd.DataFrame(
        {
            "invoice": invoice,
            "is_cancelled": invoice.str.startswith("C"),
            "sku": raw["StockCode"].astype(str),
            "name": raw["Description"].fillna("").astype(str),
            "quantity": _units(path, raw, "Quantity", decimals=0),
            "price": _units(path, raw, "UnitPrice", decimals=PRICE_DECIMALS),
            "wall": wall,
            "at": _utc_seconds(wall),
            "customer": _numbers(path, raw, "CustomerID").astype("Int64"),
            "country": raw["Country"].fillna("").astype(str),
        }
    )


def _raw_lines(path: Path) -> pd.DataFrame:
    if path.suffix not in {".parquet", ".csv"}:
        raise InputInvalid(f"{path} is no order file", hint="pass a .parquet or .csv file")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype={"InvoiceNo": str, "StockCode": str})
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputInvalid(f"{path} cannot be read: {reason}", hint="check the path") from None


def _instants(path: Path, raw: pd.DataFrame) -> pd.Series:
    try:
        wall = pd.to_datetime(raw["InvoiceDate"], format="mixed")
    except (TypeError, ValueError):
        wall = pd.Series([pd.NaT])
    if wall.isna().any():
        raise InputInvalid(
            f"{path}: InvoiceDate holds something that is no time",
            hint="write it as 2010-12-01 08:26:00",
        )
    return wall


def _numbers(path: Path, raw: pd.DataFrame, name: str) -> pd.Series:
    try:
        return pd.Series(pd.to_numeric(raw[name]))
    except (TypeError, ValueError):
        raise InputInvalid(
            f"{path}: {name} holds something that is no number", hint="mend that column"
        ) from None


def _units(path: Path, raw: pd.DataFrame, name: str, *, decimals: int) -> pd.Series:
    """Numbers as whole multiples of the smallest unit; one that is finer is refused."""
    scaled = _numbers(path, raw, name) * 10**decimals
    units = scaled.round()
    if not np.isclose(scaled, units, rtol=0.0, atol=1e-4).all():
        raise InputInvalid(
            f"{path}: {name} has an empty value or one with more than {decimals} decimals",
            hint="mend that column",
        )
    return pd.Series(units.astype(np.int64))


def _utc_seconds(wall: pd.Series) -> pd.Series:
    """Instants of London wall times; the hour that a clock shows twice is taken as the first."""
    first = np.ones(len(wall), dtype=bool)
    local = wall.dt.tz_localize(TIMEZONE, ambiguous=first, nonexistent="shift_forward")
    naive = local.dt.tz_convert("UTC").dt.tz_localize(None)
    return pd.Series(naive.astype("datetime64[s]").astype(np.int64))
