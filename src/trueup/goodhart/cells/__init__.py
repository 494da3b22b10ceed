"""Records of any number as additive cells, from which all looks are made."""

from __future__ import annotations

from trueup.goodhart.cells.file import load_cells, save_cells, update_cells
from trueup.goodhart.cells.table import Cells, read_cells

__all__ = ["Cells", "load_cells", "read_cells", "save_cells", "update_cells"]
