"""What a table is: its columns with their types, its key, its partition."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

TEXT = pa.string()
INTEGER = pa.int64()
FLOAT = pa.float64()
FLAG = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Column:
    """One column. `volatile` columns say when or by which run a row was made; two runs may differ in them."""

    name: str
    type: pa.DataType
    doc: str
    required: bool = False
    volatile: bool = False


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    `time` is the column that places a row in its partition. On a rewrite `merge` keeps stored rows whose key is not
    written again, `replace` makes the partition exactly what is written. `identity` are the columns that tell whether
    a row changed (all non-volatile ones when empty).
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time: str = "start_time"
    grain: Literal["hour", "day"] = "hour"
    rewrite: Literal["merge", "replace"] = "merge"
    identity: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The Arrow and Parquet schema. Every field may be null there: a missing required value is for the checks."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns that tell whether a row changed."""
        return self.identity or tuple(c.name for c in self.columns if not c.volatile)
