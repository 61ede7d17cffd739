"""Which rows are taken together: shards and batches. Pure."""

from collections.abc import Sequence

from jiuzhang_worker.influence.items import Item

#: A shard stays below this many bytes, however long its vectors are.
SHARD_BYTES = 256 << 20


def shard_rows(wanted: int, dim: int, bytes_each: int) -> int:
    return max(1, min(wanted, SHARD_BYTES // (dim * bytes_each)))


def plan_shards(items: Sequence[Item], rows: int) -> list[list[Item]]:
    """All different rows of a run, longest first, in shards. It looks at nothing on disk, so a run that goes on has the same plan.

    The longest come first so that a device that is too small says so at once.
    """
    unique = {item.key: item for item in items}
    ordered = sorted(unique.values(), key=lambda item: (-len(item.ids), item.key))
    return [ordered[start : start + rows] for start in range(0, len(ordered), rows)]


def plan_batches(items: Sequence[Item], batch_tokens: int) -> list[list[Item]]:
    """Neighbours in length together, as many as fit with their padding; a row that is longer than that is alone."""
    batches: list[list[Item]] = []
    width = 0
    for item in items:
        width = max(width, len(item.ids)) if batches else len(item.ids)
        if batches and width * (len(batches[-1]) + 1) <= batch_tokens:
            batches[-1].append(item)
        else:
            batches.append([item])
            width = len(item.ids)
    return batches
