"""Every number that the linter compares with, and where the number comes from.

"Proposal" means that nothing has been measured yet: such a number may be tuned on a corpus, and
the test of the regression corpus shows what the change does.
"""

from __future__ import annotations

ASK_WORDS = 40
"""Longest question in words. In a public set of 695 expert criteria the median is 25, p90 is 35."""
FEWEST_JUDGED = 2
"""Judged criteria below which a rubric is one opinion. Proposal."""
MOST_JUDGED = 15
"""Judged criteria above which attention and cost suffer. Proposal: expert rubrics have 8 to 12."""
HEAVIEST_SHARE = 0.60
"""Share of the positive weight from which one criterion is the whole rubric. Proposal."""
HEAVY_SHARE = 0.50
"""Share of the positive weight from which a criterion must have anchors. Proposal."""
PENALTIES_SHARE = 0.15
"""Sum of the penalties, as a share of the positive weight, below which they hardly matter.

Proposal; in a large public health benchmark physicians' penalties weigh 46 % of the positives.
"""
PENALTY_SHARE = 0.03
"""The same for a single penalty. Proposal."""
PRESENCE_SHARE = 0.50
"""Share of the positive weight in presence-only criteria from which the rubric is an error."""
SAME_TEXT = 0.80
"""Jaccard index of content words from which an answer only repeats its question. Proposal."""
OVERLAP = 0.60
"""Jaccard index of two questions' content words from which they overlap. Proposal."""
CONTAINED = 0.80
"""Share of the shorter question's content words that the longer one holds. Proposal."""
CONTAINED_WORDS = 3
"""Content words below which being contained means nothing. Proposal."""
FEWEST_LEVELS = 3
"""Levels below which a scale is a binary in disguise."""
MOST_LEVELS = 5
"""Levels above which order and label effects grow (arXiv 2506.22316 and 2602.02219)."""
MOST_GATES = 3
"""Judged gates above which good items are lost: with error e, (1 - e)^g of them survive."""
GATE_ERROR = 0.05
"""Share of wrong `unmet` per gate used to illustrate the loss where nothing was measured."""
MOST_EXAMPLES = 8
"""Examples per criterion; practitioners report a plateau after four to eight."""
FEWEST_BALANCED = 4
"""Examples from which the shares of the answers are compared. Proposal."""
ONE_ANSWER = 0.75
"""Share of one answer among the examples above which they are unbalanced. Proposal."""
EXAMPLE_CHARACTERS = 4_000
"""Length above which an example crowds out the item. Proposal, about 1,000 tokens."""
REUSED = 0.50
"""Likeness of two questions under one id below which it is another question. Proposal."""
TYPO = 0.90
"""Likeness from which a changed question is probably only reworded. Proposal."""
AT_LEAST_FROM = 2
"""`at least one` asks whether there is any; from two on more is always safer for the author."""
AT_LEAST_UP_TO = 20
"""Greater numbers are nearly always facts of the subject (`at least 30 days`)."""
