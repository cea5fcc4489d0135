"""Events of mailings as values: their keys, and what stands in their rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Interaction
from connector.dataverse.schema import TABLES
from connector.dataverse.texts import cut
from connector.spotler import Bounce, BounceType, InteractionKind, SpotlerContact, SpotlerInteraction
from connector.sync.interactions.events import MailingEvent

ON = datetime(2026, 3, 1, 10, 0, 0, 250_000, tzinfo=UTC)
RECORD = "c0ffee00-0000-4000-8000-000000000001"
OPENED = SpotlerInteraction("9", InteractionKind.OPENED, RECORD.upper(), "mA91", ON)
EVENT = MailingEvent.of(OPENED)
TABLE = TABLES[Interaction.TABLE]


def units(text):
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def test_the_key_is_the_same_for_the_same_event_however_spotler_writes_it():
    amsterdam = ON.astimezone(UTC).astimezone()
    same = replace(OPENED, id="77", external_id=f" {RECORD} ", date=amsterdam, change_date=ON, trend_report_id=3)

    assert MailingEvent.of(same).key == EVENT.key


def test_the_key_differs_by_record_mailing_kind_and_time():
    others = [
        replace(OPENED, external_id="c0ffee00-0000-4000-8000-000000000002"),
        replace(OPENED, mailing_id="mA92"),
        replace(OPENED, kind=InteractionKind.CLICKED),
        replace(OPENED, date=ON + timedelta(milliseconds=1)),
    ]

    assert len({EVENT.key, *(MailingEvent.of(each).key for each in others)}) == 5


def test_both_feeds_of_bounces_give_one_key_also_where_only_one_has_milliseconds():
    interaction = replace(OPENED, kind=InteractionKind.BOUNCED, bounce_type=BounceType.SOFT)
    bounce = Bounce(
        ON.replace(microsecond=0), BounceType.SOFT, SpotlerContact(external_id=RECORD), "mA91", "SOFTBOUNCE"
    )

    assert MailingEvent.of(interaction).key == MailingEvent.of_bounce(bounce).key


def test_an_opt_out_in_the_feed_of_bounces_is_no_bounce():
    contact = SpotlerContact(external_id=RECORD)

    assert MailingEvent.of_bounce(Bounce(ON, BounceType.OPT_OUT, contact)) is None
    assert MailingEvent.of_bounce(Bounce(None, BounceType.HARD, contact)) is None


def test_a_key_can_stand_in_an_address_and_fits_its_column():
    assert EVENT.key.isalnum()
    assert len(EVENT.key) <= TABLE.column(Interaction.KEY).length


@given(name=st.text(max_size=700), mailing_id=st.text(max_size=200))
def test_whatever_a_mailing_is_called_its_row_fits_the_columns(name, mailing_id):
    columns = replace(EVENT, mailing_id=mailing_id).columns(name)

    texts = {column: value for column, value in columns.items() if isinstance(value, str) and column != Interaction.ON}
    assert all(units(value) <= TABLE.column(column).length for column, value in texts.items())


def test_a_name_that_is_not_known_leaves_the_column_as_it_is():
    assert Interaction.MAILING not in EVENT.columns("")
    assert EVENT.columns("")[Interaction.NAME] == "Email opened: mA91"
    assert EVENT.columns(" June\u200b ")[Interaction.MAILING] == "June"


def test_every_kind_of_event_has_a_type():
    types = {MailingEvent.of(replace(OPENED, kind=kind)).type for kind in InteractionKind}

    assert types == set(InteractionType) - {InteractionType.WEBSITE_VISIT}


@given(text=st.text(alphabet="a😀é", max_size=30), length=st.integers(0, 20))
def test_a_text_is_cut_between_characters_and_as_late_as_possible(text, length):
    short = cut(text, length)

    assert text.startswith(short)
    assert units(short) <= length
    assert short == text or units(text[: len(short) + 1]) > length
