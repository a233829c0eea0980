"""Which deployment gets which share of the requests, and by which steps does it get there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ezazml.errors import InputError

Split = dict[str, int]


def target_of(current: Mapping[str, int], wanted: Mapping[str, int]) -> Split:
    """The whole split that ``wanted`` means: what it does not name keeps its share, scaled to what is left.

    Raises :class:`InputError` for shares that cannot be (Azure: whole percent that add up to 0 or 100).
    """
    for name, share in wanted.items():
        if not isinstance(share, int) or not 0 <= share <= 100:
            raise InputError(f"Traffic {name}: {share!r} is not a share.", hint="Use whole percent from 0 to 100.")
    total = sum(wanted.values())
    if total > 100:
        raise InputError(f"Traffic {shown(wanted)} adds up to {total}.", hint="It must add up to at most 100.")
    others = {name: share for name, share in current.items() if name not in wanted and share > 0}
    rest = 100 - total
    if not others and total not in {0, 100}:
        raise InputError(
            f"Traffic {shown(wanted)} adds up to {total}, and no other deployment can take the rest.",
            hint="Let it add up to 100.",
        )
    return _without_zeros({**wanted, **_scaled(others, rest)})


def steps_to(current: Mapping[str, int], target: Mapping[str, int], steps: Sequence[int]) -> Iterator[Split]:
    """The splits on the way: at each step as much traffic has moved as its percentage says, at last the target.

    Where nobody is answered yet, there is nothing to be careful about: the target comes at once.
    """
    start, end = _without_zeros(current), _without_zeros(target)
    if start == end:
        return
    names = sorted({*start, *end})
    moving = sum(max(0, end.get(name, 0) - start.get(name, 0)) for name in names)
    if not start or not end or not moving:
        yield end
        return
    for step in sorted({step for step in steps if 0 < step < moving}):
        part = {name: start.get(name, 0) + (end.get(name, 0) - start.get(name, 0)) * step / moving for name in names}
        yield _without_zeros(_rounded(part, 100))
    yield end


def parse_split(text: str) -> Split:
    """``blue=90,green=10`` as a split. Raises :class:`InputError`."""
    split: Split = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, share = part.partition("=")
        if not equals or not share.strip().isdigit():
            raise InputError(f"Traffic {text!r} is not name=percent.", hint="Example: --traffic blue=90,green=10")
        split[name.strip()] = int(share)
    return split


def shown(split: Mapping[str, int]) -> str:
    """For people: ``blue 90 %, green 10 %``."""
    return ", ".join(f"{name} {share} %" for name, share in sorted(split.items())) or "nobody"


def _scaled(shares: Mapping[str, int], total: int) -> Split:
    before = sum(shares.values())
    return _rounded({name: share * total / before for name, share in shares.items()}, total) if before else {}


def _rounded(shares: Mapping[str, float], total: int) -> Split:
    """Whole numbers that add up to ``total``: the largest remainders are rounded up."""
    whole = {name: int(share) for name, share in shares.items()}
    left = total - sum(whole.values())
    for name in sorted(shares, key=lambda name: (whole[name] - shares[name], name))[:left]:
        whole[name] += 1
    return whole


def _without_zeros(split: Mapping[str, int]) -> Split:
    return {name: share for name, share in split.items() if share}
