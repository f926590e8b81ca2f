"""What operators have said about signals: it counts before any likeness: pure."""

from collections.abc import Iterable, Mapping

from contracts.incidents import CorrelationRule, RuleEffect, Signal
from services.incidents.correlating.groups import Group, Item

Values = tuple[str, ...]


def fits(glob: str, text: str) -> bool:
    """True if a text is as a glob says; each part is looked for once, however many ``*`` it has."""
    first, *rest = glob.split("*")
    if not rest:
        return text == glob
    *middle, last = rest
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return text.endswith(last) and len(text) - len(last) >= at


def _fits(globs: Iterable[str], texts: Iterable[str]) -> bool:
    told = list(texts)
    return any(fits(glob, text) for glob in globs for text in told)


def is_about(rule: CorrelationRule, signal: Signal) -> bool:
    """True if a rule speaks of a signal."""
    if rule.cluster_ids and signal.cluster_id not in rule.cluster_ids:
        return False
    if rule.names and not _fits(rule.names, (signal.name,)):
        return False
    return not rule.where or _fits(rule.where, signal.where)


def values(rule: CorrelationRule, signal: Signal) -> Values | None:
    """What a signal has of that which a rule names; None if the rule does not concern it."""
    if not is_about(rule, signal):
        return None
    found = tuple(_value(kind, signal) for kind in rule.equal)
    return found if all(found) else None


def _value(kind: str, signal: Signal) -> str:
    match kind:
        case "cluster":
            return str(signal.cluster_id)
        case "name":
            return signal.name
        case _:
            return next((one for one in signal.where if one.startswith(f"{kind}/")), "")


class Rules:
    """The rules that stand, by what follows from them."""

    def __init__(self, told: Mapping[str, CorrelationRule]) -> None:
        by_id = [told[rule_id] for rule_id in sorted(told)]
        self._ignored = [rule for rule in by_id if rule.effect is RuleEffect.IGNORED]
        self.together = [rule for rule in by_id if rule.effect is RuleEffect.TOGETHER]
        self._apart = [rule for rule in by_id if rule.effect is RuleEffect.APART]

    def ignores(self, signal: Signal) -> bool:
        """True for what is no matter at all."""
        return any(is_about(rule, signal) for rule in self._ignored)

    def joined_by(self, signal: Signal) -> list[tuple[CorrelationRule, Values]]:
        """What has to be equal in others for them to be one incident with it."""
        found = [(rule, values(rule, signal)) for rule in self.together]
        return [(rule, told) for rule, told in found if told is not None]

    def count(self, group: Group, one: Item, by: int) -> None:
        """Remembers what rules find in a signal of a group."""
        for rule in (*self._apart, *self.together):
            told = values(rule, one.signal)
            if told is not None:
                counts = group.keys.setdefault(rule.id, {})
                counts[told] = counts.get(told, 0) + by
                if counts[told] <= 0:
                    del counts[told]

    def keep_apart(self, one: Item, group: Group) -> bool:
        """True if a rule says that a signal and a group are never one incident."""
        for rule in self._apart:
            told = values(rule, one.signal)
            there = group.keys.get(rule.id)
            if told is not None and there and set(there) != {told}:
                return True
        return False

    def part(self, one: Group, other: Group) -> bool:
        """True if a rule says that two groups are never one incident."""
        return any(
            bool(one.keys.get(rule.id))
            and bool(other.keys.get(rule.id))
            and set(one.keys[rule.id]) != set(other.keys[rule.id])
            for rule in self._apart
        )
