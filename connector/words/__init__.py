"""What people read, in the language that they chose: a message is a value, and becomes text where it is written.

    Sentence        English text that remembers its template and the values in it
    Wording        puts messages into one language, by the catalogue of that language (`nl.po`)

Where a message is made, it is written in English:

    raise Invalid("The job has no tag.")
    raise Invalid(Sentence("A tag is longer than {most} characters.", most=255))

and never as an f-string, whose parts could not be translated any more. Logs and comparisons use it as it is: English.
Where it is written for people, on a row or on a screen, `Wording.text` puts it into their language.
"""

from connector.words.sentence import Labelled, Sentence, Value, listed, marked
from connector.words.wording import LANGUAGES, Language, Wording, wording_from, wording_of

__all__ = [
    "LANGUAGES",
    "Labelled",
    "Language",
    "Sentence",
    "Value",
    "Wording",
    "listed",
    "marked",
    "wording_from",
    "wording_of",
]
