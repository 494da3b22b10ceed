"""RULES: every lint rule with its severity, what it detects and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from trueup.rubric.lint import (
    boundary,
    evidence,
    examples,
    protocol,
    questions,
    rewards,
    scales,
    scoring,
    several,
    size,
)
from trueup.rubric.lint.finding import LintFinding, Severity
from trueup.rubric.lint.reading import Reading

Search: TypeAlias = Callable[[Reading], Iterator[LintFinding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One lint rule."""

    id: str
    severity: Severity
    """What it usually is."""
    detects: str
    """One line for `trueup check --rules` and the reference page."""
    mend: str
    otherwise: str = ""
    """When it is more or less severe than usual."""
    words: bool = True
    """Whether it needs word lists; the others run in every language."""
    search: Search | None = None
    """None for the two remarks that the linter makes about its own run."""

    @property
    def severities(self) -> str:
        """The severity with its exceptions."""
        return f"{self.severity}; {self.otherwise}" if self.otherwise else self.severity


RULES: tuple[Rule, ...] = (
    Rule(
        id="compound",
        severity="warn",
        otherwise="error on a gate",
        detects="Two questions in one: a second question mark, a coordinator followed by a verb "
        "of judging, three adjectives in a row, 'not only', a second demand in `met`.",
        mend="Split it, or say in `met` that all parts are required.",
        search=questions.compound,
    ),
    Rule(
        id="vague",
        severity="warn",
        otherwise="info where every answer is described, and for empty adverbs",
        detects="Words without a boundary (helpful, appropriate, relevant; effectively, clearly).",
        mend="Say what a reader would see in the output.",
        search=boundary.vague,
    ),
    Rule(
        id="no-anchors",
        severity="warn",
        otherwise="error on a gate and on half of the positive weight",
        detects="A binary without `met` and `unmet`, or with anchors that only repeat or negate.",
        mend="Write what a reader sees in either case, and put the hard case in `unmet`.",
        words=False,
        search=boundary.no_anchors,
    ),
    Rule(
        id="open-question",
        severity="error",
        detects="'How well', 'To what extent', 'Rate the' on a binary.",
        mend="Begin with Does, Is or Are, or give it a `scale` or `choices`.",
        search=questions.open_question,
    ),
    Rule(
        id="presence-only",
        severity="warn",
        otherwise="error for the rubric where over half of the positive weight is such",
        detects="A positive criterion that is met by mentioning a topic, with no fact named and "
        "no gate or penalty on its correctness.",
        mend="Name the fact, add a penalty for wrong content, or use a `check` for a literal.",
        search=rewards.presence_only,
    ),
    Rule(
        id="length",
        severity="warn",
        otherwise="info where the rubric limits length",
        detects="A reward for amount: comprehensive, thorough, 'at least three' with an open top.",
        mend="List what must be there; add a penalty for padding or a `max_words` check.",
        search=rewards.length,
    ),
    Rule(
        id="code-can-decide",
        severity="warn",
        detects="Counts of words, sentences, bullets and the like, formats and literals.",
        mend="Use the `check` that the remark proposes.",
        search=rewards.code_can_decide,
    ),
    Rule(
        id="scale-unanchored",
        severity="warn",
        otherwise="error on a gate",
        detects="Levels without text, of one word, or that differ only in words of degree.",
        mend="Give each level a difference that a reader can see, or ask several binaries.",
        words=False,
        search=scales.scale_unanchored,
    ),
    Rule(
        id="scale-shape",
        severity="warn",
        detects="More than five or fewer than three levels, gaps, best level first, values that "
        "do not rise, scales of different size in one rubric.",
        mend="Use three to five levels, the worst first.",
        words=False,
        search=scales.scale_shape,
    ),
    Rule(
        id="polarity",
        severity="error",
        otherwise="warn for a double negation or points for something bad, info for a negated "
        "question with a positive weight",
        detects="A penalty that is worded as an absence, points for a failure, two negations.",
        mend="State a penalty as the bad thing itself, as in 'Does the reply invent a fee?'.",
        search=questions.polarity,
    ),
    Rule(
        id="penalty-toothless",
        severity="error",
        otherwise="warn where all penalties weigh under 15 % of the positive weight, or one "
        "under 3 %",
        detects="A rubric that an output passes with every penalty met, computed exactly.",
        mend="Raise the penalties, or make the worst of them a gate.",
        words=False,
        search=scoring.penalty_toothless,
    ),
    Rule(
        id="no-downside",
        severity="warn",
        detects="Neither a penalty nor a gate on content.",
        mend="Add the two commonest real failures as penalties, or a gate.",
        words=False,
        search=scoring.no_downside,
    ),
    Rule(
        id="unfalsifiable",
        severity="warn",
        detects="A bar that every output clears: attempts, some information, responds to the user.",
        mend="Raise the bar, drop it, or mark it `guard: true`.",
        search=boundary.unfalsifiable,
    ),
    Rule(
        id="needs-evidence",
        severity="warn",
        otherwise="error on a gate; where another criterion declares the material, warn on a gate "
        "and info elsewhere",
        detects="Accurate, correct, the policy, the source, a tool result, with no such `needs`.",
        mend="Declare `needs` and name the field.",
        search=evidence.needs_evidence,
    ),
    Rule(
        id="hidden-condition",
        severity="warn",
        detects="'If applicable', 'where needed', 'if the customer asks' without a `when`.",
        mend="Move the condition to `when`.",
        search=questions.hidden_condition,
    ),
    Rule(
        id="hedged",
        severity="info",
        otherwise="warn for 'etc.' and 'and/or'",
        detects="May, could, ideally, usually, 'etc.', 'and/or' in the boundary.",
        mend="Decide, and say so.",
        search=boundary.hedged,
    ),
    Rule(
        id="example-list",
        severity="info",
        detects="'Such as' or 'including' without saying whether one or all are needed.",
        mend="Write 'any of' or 'all of'.",
        search=boundary.example_list,
    ),
    Rule(
        id="cross-reference",
        severity="error",
        detects="'As above', 'the previous criterion', another criterion's id.",
        mend="Make it self-contained, and name the field that it speaks of.",
        search=several.cross_reference,
    ),
    Rule(
        id="overlap",
        severity="warn",
        detects="Two criteria of the same sign that ask nearly the same.",
        mend="Merge the two, or state the difference in both questions.",
        search=several.overlap,
    ),
    Rule(
        id="exclusive-pair",
        severity="warn",
        detects="Two binaries that differ only in degree: fully and partly, always and sometimes.",
        mend="Make one criterion with a `scale`.",
        search=several.exclusive_pair,
    ),
    Rule(
        id="examples",
        severity="warn",
        detects="Examples of one answer, none that marks the border with a `why`, more than "
        "eight, over-long ones, and ones that contradict each other or the check.",
        mend="Balance them, and add a borderline one with a `why`.",
        words=False,
        search=examples.examples,
    ),
    Rule(
        id="judge-talk",
        severity="warn",
        otherwise="error for hidden characters and marks of chat templates",
        detects="Scores, verdict formats, fences and 'you are a judge' in what a judge is shown.",
        mend="Delete it, and describe the output instead.",
        words=False,
        search=protocol.judge_talk,
    ),
    Rule(
        id="wording-size",
        severity="info",
        detects="Questions over 40 words, fewer than 2 or more than 15 judged criteria, one "
        "weight over 60 % of the positive weight.",
        mend="Split it, or drop what never varies.",
        words=False,
        search=size.wording_size,
    ),
    Rule(
        id="generic",
        severity="info",
        detects="A criterion that shares no word with the task, its examples or its `needs`.",
        mend="Name the product's own failure, or mark it `generic: true`.",
        search=evidence.generic,
    ),
    Rule(
        id="gate-risk",
        severity="warn",
        detects="A gate that never closes, a gate on undescribed choices, more than three judged "
        "gates.",
        mend="Use fewer gates, and name the lowest level that passes.",
        words=False,
        search=scoring.gate_risk,
    ),
    Rule(
        id="id-reuse",
        severity="error",
        otherwise="info where only a few letters changed",
        detects="An id that stands for another question than in the previous version.",
        mend="Give the new question a new id.",
        words=False,
        search=several.id_reuse,
    ),
    Rule(
        id="language",
        severity="info",
        detects="A rubric in a language without word lists, so that rules on wording did not run.",
        mend="Have a colleague read the wording.",
        words=False,
    ),
    Rule(
        id="ignore",
        severity="warn",
        otherwise="info where it ignores nothing",
        detects="An ignore comment without a reason, for an unknown rule, or for nothing.",
        mend="Give the reason, correct the rule, or delete the comment.",
        words=False,
    ),
)
"""In the order of the reference page."""

BY_ID = {rule.id: rule for rule in RULES}
