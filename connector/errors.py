"""What can go wrong, in families named after what happens next.

    ConnectorError
    ├── Invalid         the job or the message is wrong           job Failed at once, no call to Spotler
    ├── Refused         Spotler or Dataverse said no              job Failed at once, with that system's code
    ├── Transient       429, 5xx, network, throttling             rescheduled with back-off, in the end Failed
    │   └── Unclear     the answer was lost, not the call         as Transient, but never repeated where that would harm
    ├── Misconfigured   credentials, mapping, a missing table     one alert; the work waits as for Transient
    └── Unreadable      not a message that we understand          quarantine, with the reason

Every error has a stable code, a sentence for people and an advice: what to do about it. The sentence of a class is the
first line of its docstring unless the place that raises it knows better. Both are messages (`connector.words`): English
here and in the logs, and in the language of RESULT_LANGUAGE where people read them. Sentences and advice never quote
values of a record, because they are logged; they name columns and fields.
"""

from typing import ClassVar, Self

from connector.words import Sentence


class ConnectorError(Exception):
    """The connector could not do its work.

    Attributes:
        sentence: what is wrong, as the log has it; with all details.
        result_code: of the job.
        what_to_do: a sentence.
        on_row: what is wrong in one sentence, for a row; the same as `sentence` where that is one.
    """

    code: ClassVar[str] = "ERROR"
    advice: ClassVar[str] = ""

    def __init__(self, sentence: str = "", *, code: str = "", advice: str = "", on_row: str = "") -> None:
        self.sentence = Sentence.of(sentence) if sentence else self.default_sentence()
        self.result_code = code or self.code
        self.what_to_do = Sentence.of(advice or self.advice)
        self.on_row = Sentence.of(on_row) if on_row else self.sentence
        super().__init__(self.sentence)

    @classmethod
    def default_sentence(cls) -> Sentence:
        """The first line of the class's docstring."""
        return Sentence((cls.__doc__ or "").strip().splitlines()[0])

    @property
    def for_people(self) -> Sentence:
        """Code, sentence and advice on one line, as shown on the job row: two sentences at most."""
        return Sentence.joined(f"[{self.result_code}]", self.on_row, self.what_to_do)

    def with_advice(self, advice: str) -> Sentence:
        """The same with another advice, for people who read it elsewhere."""
        return Sentence.joined(f"[{self.result_code}]", self.sentence, advice)


class Invalid(ConnectorError):
    """The job is not valid."""

    code = "JOB_NOT_VALID"
    advice = "Correct it in a new job."


class Refused(ConnectorError):
    """The other system refused the work."""

    code = "REFUSED"
    advice = "Look up the code in the list of codes; correct the cause, then choose Retry."


class Transient(ConnectorError):
    """The other system cannot do the work right now.

    Attributes:
        retry_after: seconds that the other system asked to wait, if it did.
    """

    code = "TRANSIENT"
    advice = "Nothing to do: the connector retries."

    def __init__(
        self,
        sentence: str = "",
        *,
        code: str = "",
        advice: str = "",
        on_row: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence, code=code, advice=advice, on_row=on_row)
        self.retry_after = retry_after


class Unclear(Transient):
    """The call was sent but its answer was lost, so its effect is not known."""

    code = "UNCLEAR"


class Misconfigured(ConnectorError):
    """The connector is not set up correctly."""

    code = "MISCONFIGURED"
    advice = "An administrator must correct the settings; the work waits until then."


class Unreadable(ConnectorError):
    """The message cannot be understood."""

    code = "MESSAGE_UNREADABLE"
    advice = "Look at the message in the queue quarantine; replay it once its cause is gone."


class OutcomeUnknown(Refused):
    """The work may have been done, and repeating it could do it twice."""

    code = "OUTCOME_UNKNOWN"
    advice = "Check in Spotler whether it was done; if not, choose Retry."


class GivenUp(Refused):
    """The problem persisted for JOB_GIVE_UP_HOURS."""

    code = "TRANSIENT_GIVEN_UP"
    advice = "Once the cause is gone, choose Retry."

    @classmethod
    def after(cls, hours: float, problem: Transient | Misconfigured) -> Self:
        """The error for a problem that has lasted for so many hours."""
        return cls(cls._said(hours, problem.sentence), on_row=cls._said(hours, problem.on_row))

    @staticmethod
    def _said(hours: float, said: Sentence) -> Sentence:
        return Sentence(
            "Not done for {count} hour: {problem}",
            plural="Not done for {count} hours: {problem}",
            count=hours,
            problem=said,
        )


class InternalError(Refused):
    """Internal error in the connector."""

    code = "INTERNAL_ERROR"
    advice = "Report the fingerprint to the maintainers; the item is kept in the queue quarantine."
