"""Blocks of members are added to the audience and removed from it; who that is, is written before."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import batched, chain
from typing import Final

from connector.spotler import ContactUnknown
from connector.sync.brake.lists import ListBrake
from connector.sync.lists.contacts import SyncedMembers, sync_members
from connector.sync.lists.handle import RunHandle
from connector.sync.lists.ids import each_of, packed, raw, text_of, unpacked

#: How old consent may be when members are added; else it is read again.
CONSENT_AGE: Final = timedelta(seconds=30)


def add_block(work: RunHandle) -> None:
    """Sync the members of the next block as contacts, then add those whom Spotler has."""
    run, place = work.run, work.run.added
    members, *known = work.get_all("new", place, "ids", "certain", "perhaps")
    certain, perhaps = map(frozenset, known)
    before = frozenset(each_of(unpacked(run.sending)))  # an attempt before this one may have added these
    synced = _synced(work, members)
    there = frozenset(map(raw, synced.there))
    done, is_repeated = _added(work, there - certain, before, synced)
    left = frozenset(map(raw, synced.left_out))
    work.state.note_sent(work.number, place, done, before | done if is_repeated else before)
    work.put("leave", place, ids=(left & (certain | perhaps)) | (before - done))
    people = len(synced.there) + len(synced.left_out) + len(synced.refused)
    run.counts += Counter({"synced": people, "added": len(done), "stay": len(there & certain)})
    run.left_out += Counter(synced.left_out.values())
    for member, code in synced.refused.items():
        run.refuse(member, code)
    run.sending, run.added = "", place + 1


def ask_block(work: RunHandle) -> None:
    """Ask again for the next block of members who are not on the list any more."""
    asked = work.get("gone", work.run.asked)
    absent = work.reader.absent(asked)
    work.put("absent", work.run.asked, ids=absent)
    work.run.counts += Counter({"stay": len(asked) - len(absent), "absent": len(absent)})
    work.run.asked += 1


def hold(work: RunHandle) -> None:
    """Write the blocks to remove. What consent says is never held back: only those who left the list are."""
    run = work.run
    count = run.counts["absent"]
    refs = work.reader.refs(work.all_of("absent", run.asked))
    total = run.counts["members before"]
    # Where a person is asked about the whole audience already, there is no second question.
    run.held = run.held or ListBrake(work.services, work.row.id).held(refs, count=count, total=total)
    run.counts["held"] = count if run.held else 0
    leave = work.all_of("leave", run.added)
    going = leave if run.held else chain(leave, work.all_of("absent", run.asked))
    run.outs = 0
    for block in batched(going, work.services.settings.list_block, strict=False):
        work.put("out", run.outs, ids=block)
        run.outs += 1
        run.counts["to remove"] += len(block)


def remove_block(work: RunHandle) -> None:
    """Remove the next block. That it is about to be removed, is written before: its call may never be answered."""
    run = work.run
    members = list(map(text_of, work.get("out", run.removed)))
    if members:
        is_repeated, run.is_removing = run.is_removing, True
        if not is_repeated:
            work.save()
        with work.audience_there():
            result = work.services.spotler.audiences.remove_members(work.row.id, members)
        if is_repeated or result.is_repeated:
            run.unanswered.append(run.removed)
    run.counts["removed"] += len(members)
    run.is_removing, run.removed = False, run.removed + 1


def _synced(work: RunHandle, members: Sequence[bytes], *, lost: bool = False) -> SyncedMembers:
    """Sync members as contacts. Where that took long, consent is read once more; what is sent costs no call then."""
    refs, began = list(work.reader.refs(members)), work.services.now()
    synced = sync_members(work.services, refs, work.check_time, lost=lost)
    if work.services.now() - began > CONSENT_AGE:
        synced = sync_members(work.services, refs, work.check_time)
    return synced


def _added(
    work: RunHandle, members: Iterable[bytes], before: frozenset[bytes], synced: SyncedMembers
) -> tuple[frozenset[bytes], bool]:
    """Add members; who they are is written before. Returns whom Spotler has taken, and whether a call was repeated."""
    ids = sorted(map(text_of, members))
    if not ids:
        return frozenset(), False
    audiences = work.services.spotler.audiences
    work.run.sending = packed([*map(raw, ids), *before])
    work.save()
    with work.audience_there():
        result = audiences.add_members(work.row.id, ids)
    done, is_repeated = list(result.done), result.is_repeated
    if result.unknown:
        # We sent these contacts, but Spotler has lost them: send them again and repeat once.
        again = _synced(work, list(map(raw, result.unknown)), lost=True)
        synced.there = [each for each in synced.there if each not in result.unknown] + again.there
        synced.left_out |= again.left_out
        synced.refused |= again.refused
        if again.there:
            with work.audience_there():
                second = audiences.add_members(work.row.id, again.there)
            done += second.done
            is_repeated = is_repeated or second.is_repeated
            synced.there = [each for each in synced.there if each not in second.unknown]
            synced.refused |= dict.fromkeys(second.unknown, ContactUnknown.code)
    return frozenset(map(raw, done)), is_repeated
