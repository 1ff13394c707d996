"""Templates: texts with holes, as `There is no task {}.`; how one is recognized, and filled.

Holes are `{}`, or `{0}`, `{1}` where their order is not that of the English text; `{:word}` takes
nothing but a known word (a state, a role), and says it in the other language. Braces are doubled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from string import Formatter


@dataclass(frozen=True)
class Hole:
    """A place in a text. `index`: which value of the English text goes there."""

    index: int
    word: bool = False


@dataclass(frozen=True)
class Template:
    """A text as literals and holes, in turn."""

    parts: tuple[str | Hole, ...]

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """What stands around the holes: one more than there are holes."""
        found = [""]
        for part in self.parts:
            if isinstance(part, Hole):
                found.append("")
            else:
                found[-1] += part
        return tuple(found)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """The holes in the order of this text."""
        return tuple(part for part in self.parts if isinstance(part, Hole))

    @cached_property
    def size(self) -> int:
        """How much of a text is known when it is this one."""
        return sum(map(len, self.literals))

    def names(self, index: int) -> bool:
        """Whether a value stands between words, as names do: `There is a user {} already.`"""
        before, after = self.literals[index], self.literals[index + 1]
        return before[-2:-1].isalpha() and before[-1:] == " " == after[:1] and after[1:2].isalpha()

    def values(self, text: str) -> list[str] | None:
        """What stands in the holes of a text, each as short as can be; None if it is another text.

        Takes time in proportion to the text, whatever it holds.
        """
        first, *middle, last = self.literals
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end < len(first):
            return None
        found, at = [], len(first)
        for literal in middle:
            place = text.find(literal, at, end)
            if place < 0:
                return None
            found.append(text[at:place])
            at = place + len(literal)
        return [*found, text[at:end]]

    def filled(self, values: Sequence[str]) -> str:
        """This text with the values of the English one."""
        return "".join(values[p.index] if isinstance(p, Hole) else p for p in self.parts)


def template(text: str) -> Template:
    """A template as catalogues have it. Raises `ValueError` where its braces are wrong."""
    parts: list[str | Hole] = []
    count = 0
    for literal, name, spec, conversion in Formatter().parse(text):
        if literal:
            parts.append(literal)
        if name is None:
            continue
        if conversion or spec not in ("", "word"):
            raise ValueError(f"not a hole: {text}")
        parts.append(Hole(int(name) if name else count, spec == "word"))
        count += 1
    return Template(tuple(parts))
