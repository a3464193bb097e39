"""A frame as bytes and back: what comes out equals what went in, or it is not packed at all."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.feather

__all__ = ["packed", "unpacked"]


def packed(frame: pd.DataFrame) -> bytes | None:
    """The frame as a compressed Arrow file; None where Arrow would change a value or a dtype."""
    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None  # a column of mixed values
    sink = pa.BufferOutputStream()
    pyarrow.feather.write_feather(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    back = unpacked(content)
    is_same = back.equals(frame) and list(back.dtypes) == list(frame.dtypes)
    return content if is_same else None


def unpacked(content: bytes) -> pd.DataFrame:
    """The frame that was packed."""
    frame: pd.DataFrame = pyarrow.feather.read_feather(pa.BufferReader(content))
    return frame
