"""Have the simulated annotators answer what a calibration has drawn.

    python simulated/annotate.py calibration.json labels.jsonl

The first is the report of the calibration as JSON, the second is written: a label a line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from trueup.runner.demo import answer, read_answers

report, labels = map(Path, sys.argv[1:])
found = json.loads(report.read_text("utf-8"))
drawn = [(one["item_id"], one["people"]) for one in found["next"]]
rows = answer(found["sitting"], drawn, read_answers(Path(__file__).with_name("annotators.csv")))
labels.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
print(f"{len(rows)} labels of {len(drawn)} items in {labels}")
