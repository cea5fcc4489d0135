"""Laws of the rows in memory: indexes are right, and what is undone never happened."""

from hypothesis import given, settings, strategies as st

from connector.dataverse.schema import TABLES
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.model import Catalog
from sandbox.dataverse.store import Row, Store, Transaction

TABLE = "dh_websitevisitor"
IDS = [f"d00d0000-0000-4000-8000-00000000000{digit}" for digit in range(6)]

operations = st.lists(
    st.tuples(st.sampled_from(["put", "remove"]), st.sampled_from(IDS), st.sampled_from([None, "a", "A", "b", "c"])),
    max_size=30,
)


def make_store():
    store = Store(Catalog(TABLES.values()))
    store.tables[TABLE].where("dh_externalid", ("a",))  # from now on there is an index
    return store


def apply(store, transaction, operation):
    kind, row_id, key = operation
    old = store.get(TABLE, row_id)
    if kind == "remove":
        if old is not None:
            transaction.remove(TABLE, row_id)
        return
    order = old.order if old else store.next_order()
    values = {"dh_websitevisitorid": row_id, "dh_externalid": key}
    try:
        transaction.put(TABLE, Row(row_id, order, store.next_version(), values))
    except ApiError as error:
        if error.status != 412:
            raise


def snapshot(store):
    data = store.tables[TABLE]
    return (
        list(data.rows.items()),
        {key: data.where("dh_externalid", (key,)) for key in (None, "a", "b", "c")},
        {key: data.by_key(("dh_externalid",), (key,)) for key in ("a", "B", "c")},
    )


@settings(deadline=None)
@given(operations)
def test_indexes_and_keys_agree_with_the_rows(steps):
    store = make_store()
    transaction = Transaction(store)
    for step in steps:
        apply(store, transaction, step)
    rows, index, keys = snapshot(store)

    for key, found in index.items():
        assert found == {row_id for row_id, row in rows if (row.values["dh_externalid"] or "").lower() == (key or "")}
    for key, found in keys.items():
        owners = [row for _, row in rows if (row.values["dh_externalid"] or "").lower() == key.lower()]
        assert owners == ([] if found is None else [found])


@settings(deadline=None)
@given(operations, operations)
def test_what_is_undone_never_happened(kept, undone):
    store = make_store()
    first = Transaction(store)
    for step in kept:
        apply(store, first, step)
    store.tables[TABLE].sort()
    before = snapshot(store)
    second = Transaction(store)
    for step in undone:
        apply(store, second, step)
    second.undo()

    assert snapshot(store) == before
