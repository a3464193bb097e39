"""Are replayed orders in the database what the file says? Day by day, to the last digit.

    make demo ORDERS=Online_Retail.parquet
    .venv/bin/python benchmarks/replayed_orders.py Online_Retail.parquet

Published of UCI Online Retail, lines with positive quantity and price and a known customer:
18,532 orders and 8,911,407.90.
"""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path

import pandas as pd

from workbench.db import read_frame
from workbench.load import current_database, load_account


def orders_of(path: Path) -> pd.DataFrame:
    """One row per day: ds, orders, revenue (Decimal), of known customers."""
    lines = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    cancelled = lines.InvoiceNo.astype(str).str.startswith("C")
    kept = lines[
        ~cancelled & (lines.Quantity > 0) & (lines.UnitPrice > 0) & lines.CustomerID.notna()
    ]
    value = [
        Decimal(int(quantity)) * Decimal(repr(float(price)))
        for quantity, price in zip(kept.Quantity, kept.UnitPrice, strict=True)
    ]
    dated = kept.assign(ds=pd.to_datetime(kept.InvoiceDate).dt.normalize(), value=value)
    by_day = dated.groupby("ds", as_index=False)
    return by_day.agg(orders=("InvoiceNo", "nunique"), revenue=("value", "sum"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("orders", type=Path, help="UCI Online Retail, parquet or csv")
    parser.add_argument("--account", default="", help="account id; the one synced last")
    asked = parser.parse_args()
    account = load_account(asked.account)
    wanted = orders_of(asked.orders)
    found = read_frame(
        current_database(), "reads/known_orders_daily", {"account_id": account.account_id}
    )
    both = wanted.merge(found, on="ds", how="outer", suffixes=("_file", "_database"))
    exact = [
        pd.notna(a) and pd.notna(b) and Decimal(a) == Decimal(b)
        for a, b in zip(both.revenue_file, both.revenue_database, strict=True)
    ]
    same = both.orders_file.eq(both.orders_database) & pd.Series(exact, index=both.index)
    print(f"{account.account_id} {account.name}")
    print(f"file:     {wanted.orders.sum():,} orders, {wanted.revenue.sum():,.2f}")
    print(f"database: {found.orders.sum():,} orders, {sum(map(Decimal, found.revenue)):,.2f}")
    print(f"days: {len(both)}, of which {(~same).sum()} differ")
    if not same.all():
        print(both[~same].to_string(index=False))
        raise SystemExit(1)


if __name__ == "__main__":
    main()
