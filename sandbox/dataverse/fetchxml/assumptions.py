"""What no source settles, and the limits that tests want low: one switch each, which tests may change."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Assumptions:
    """How Dataverse is taken to behave; to confirm on a real environment.

    Attributes:
        not_in_matches_nulls: whether `not-in` is true of a null.
        not_between_matches_nulls: likewise.
        not_contain_values_matches_nulls: likewise.
        choices_in_is_whole_set: whether `in` on a column of several choices compares with the set of its values.
        not_under_matches_itself: whether `not-under` is true of the row that it names.
        next_hours_end_with_the_hour: whether `next-x-hours` lasts to the end of the last hour.
        cookie_names_next_page: whether `pagenumber` beside a cookie is the next page, as a client of Microsoft's relies
            on, or the second page again, as the documentation shows it.
        refuses_beyond_limit: whether a page beyond the limit of simple paging is refused, or the result just ends.
        simple_paging_limit: rows that can be reached without a paging cookie.
        aggregate_limit: rows that an aggregate may evaluate.
        quick_find_limit: rows that a quick find filter may find.
        most_links: links in one query.
        most_conditions: conditions and links in one query.
        most_values: values of one `in`.
    """

    not_in_matches_nulls: bool = True
    not_between_matches_nulls: bool = False
    not_contain_values_matches_nulls: bool = False
    choices_in_is_whole_set: bool = True
    not_under_matches_itself: bool = True
    next_hours_end_with_the_hour: bool = True
    cookie_names_next_page: bool = True
    refuses_beyond_limit: bool = False
    simple_paging_limit: int = 50_000
    aggregate_limit: int = 50_000
    quick_find_limit: int = 10_000
    most_links: int = 15
    most_conditions: int = 500
    most_values: int = 2_000

    def reset(self) -> None:
        """Take everything as at first."""
        for each in fields(self):
            setattr(self, each.name, each.default)
