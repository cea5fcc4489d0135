"""The same queries as FetchXML."""

from xml.sax.saxutils import quoteattr

from tests.contract.dataverse_standin.sql.queries import IDS, Filter, Link


def text_of(query):
    """The query as FetchXML."""
    wanted = "".join(f'<attribute name="{name}"/>' for name in query.distinct or (IDS[query.table],))
    orders = "".join(
        f'<order attribute="{name}" descending="{"true" if descending else "false"}"/>'
        for name, descending in query.orders
    )
    inner = "".join(
        [wanted, orders, _filter(query.filter), *(_link(each, bool(query.distinct)) for each in query.links)]
    )
    distinct = 'distinct="true"' if query.distinct else ""
    return f'<fetch {distinct}><entity name="{query.table}">{inner}</entity></fetch>'


def _link(link, bare):
    bare = bare or link.type not in ("inner", "outer", "natural")
    wanted = "" if bare else f'<attribute name="{IDS[link.table]}"/>'
    inner = "".join([wanted, _filter(link.filter), *(_link(each, bare) for each in link.links)])
    return (
        f'<link-entity name="{link.table}" from="{link.source}" to="{link.target}" link-type="{link.type}" '
        f'alias="{link.alias}">{inner}</link-entity>'
    )


def _filter(tree):
    if tree is None:
        return ""
    return f'<filter type="{"or" if tree.any_of else "and"}">{"".join(map(_part, tree.parts))}</filter>'


def _part(part):
    if isinstance(part, Filter):
        return _filter(part)
    if isinstance(part, Link):
        return _link(part, bare=True)
    rest = f' entityname="{part.link}"' if part.link else ""
    if part.value_of:
        return f'<condition attribute="{part.column}" operator="{part.operator}" valueof="{part.value_of}"/>'
    if len(part.values) == 1 and part.operator not in ("in", "not-in", "contain-values", "not-contain-values"):
        value = f" value={quoteattr(str(part.values[0]))}"
        return f'<condition attribute="{part.column}" operator="{part.operator}"{rest}{value}/>'
    values = "".join(f"<value>{value}</value>" for value in part.values)
    return f'<condition attribute="{part.column}" operator="{part.operator}"{rest}>{values}</condition>'
