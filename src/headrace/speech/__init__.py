"""What Headrace says, in the language of whoever reads it.

Errors, checks and notes are written in English where they arise, as f-strings. `translate` knows
the templates of all of them (`zh/*.po`) and says such a text in Chinese. Nothing else of Headrace
is imported here.
"""

from __future__ import annotations

from headrace.speech.languages import LANGUAGES, preferred
from headrace.speech.translation import translate, word

__all__ = ["LANGUAGES", "preferred", "translate", "word"]
