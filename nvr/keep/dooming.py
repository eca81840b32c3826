"""Carrying out a decision as far as rows go: marking segments with the rule."""

from collections.abc import Sequence
from itertools import groupby

from nvr.base.model import Segment
from nvr.keep.retention import Sentence
from nvr.store.catalogue import Catalogue

BATCH_SEGMENTS = 500
"""Marked in one transaction; a recorder waits no longer for the database than that."""
RULE_LENGTH = 100


def rule_ending(mark: str) -> str:
    """How rules end that were made under these settings of the plugins."""
    return f" [{mark}]"


def rule_text(sentence: Sentence, mark: str) -> str:
    """What a tombstone will say: who, why, under which settings."""
    ending = rule_ending(mark)
    return f"{sentence.plugin}: {sentence.reason}"[: RULE_LENGTH - len(ending)] + ending


def doom(
    catalogue: Catalogue, sentences: Sequence[Sentence], mark: str, from_us: int
) -> list[Segment]:
    """Mark them; their grace counts from `from_us`. Tells which could be marked."""
    doomed: list[Segment] = []
    for rule, group in groupby(sentences, key=lambda it: rule_text(it, mark)):
        ids = [sentence.segment.id for sentence in group]
        for start in range(0, len(ids), BATCH_SEGMENTS):
            batch = ids[start : start + BATCH_SEGMENTS]
            doomed += catalogue.doom(batch, rule, from_us)
    return doomed


def spare_others(catalogue: Catalogue, mark: str) -> int:
    """Take back what was doomed under other settings; tells how many that were.

    Whoever corrects a wrong rule within the grace gets everything back, and what is
    still to go is marked again within a minute.
    """
    spared = 0
    while some := catalogue.spare_others(rule_ending(mark), BATCH_SEGMENTS):
        spared += some
    return spared
