"""What the program says to people in English: `python -m docs.speech` lists the texts that have no
Chinese yet, ready to be written into the files of `headrace/speech/zh`, and the entries that
nothing says any more; the tests hold that there are neither.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from docs.said import HOLE, Code, Module, argument, called, read

import headrace
from headrace.control.alert_words import WORDS
from headrace.speech.catalogue import WORDS as SINGLE
from headrace.speech.catalogue import messages

_ROOT = Path(headrace.__file__).parent
_SILENT = ("playground", "testing", "speech")  # what nobody sees, and the room that translates
_ERROR = {"message": 0, "advice": None}

# Calls besides those of errors whose arguments people see: parameter and place.
SINKS: Mapping[str, Mapping[str, int]] = {
    "Check": {"detail": 3, "advice": 4},
    "Gap": {"reason": 2},
    "Gone": {"reason": 4},
    "Note": {"text": 3},
    "Reject": {"reason": 2},
    "ValueError": {"message": 0},
    "_Judgement": {"reason": 1},
    "_Refusal": {"reason": 1},
    "_asked": {"why_not": 4},
    "_say": {"text": 1, "advice": 3},
    "problem": {"detail": 2, "advice": 3},
    "refused": {"what": 1, "advice": 2},
}
_NAMES = ("message", "advice", "detail", "reason")  # keywords, keys and attributes, anywhere
_WORDS = re.compile(r"[a-z]{3}.* |[ (][a-z]{2}|[a-z]{4}[.?]$|^[a-z]{8,}$|[A-Z]{3}|^[A-Z][a-z]+ ")
_CODES = {"unavailable"}  # for programs, not for people
_FIELD = re.compile(r"\{(\w+)\}")
_ALERTS = "headrace.control.alert_words"
_FINDINGS = "headrace.mirror.soundness"
_TITLES = ("headrace.coding.checks", "headrace.app.authorize")


def code() -> Code:
    """The package, read."""
    found = []
    for path in sorted(_ROOT.rglob("*.py")):
        parts = path.relative_to(_ROOT).with_suffix("").parts
        if parts[0] not in _SILENT and "migrations" not in parts:
            name = ".".join(("headrace", *(part for part in parts if part != "__init__")))
            found.append(read(path, name))
    return Code(found)


def used() -> Mapping[str, set[str]]:
    """Every text, as a msgid, and the modules where it is said."""
    whole = code()
    made: dict[str, set[str]] = {}
    for module, expr in _said(whole):
        for template in whole.templates(module, expr):
            made.setdefault(template, set()).add(module.name)
    for name, templates in whole.quoted.items():
        for template in templates:
            made.setdefault(template, set()).add(name)
    made.update({text: {_ALERTS} for text in alerts()})
    return {msgid(text): names for text, names in made.items() if _is_text(text)}


def alerts() -> Mapping[str, str]:
    """What alerts say, which is written in both languages where they arise: for the log."""
    found = {}
    for both in WORDS.values():
        for title in both:
            names = _FIELD.findall(title.en)
            places = {name: f"{{{index}}}" for index, name in enumerate(names)}
            english = _FIELD.sub(HOLE, title.en)
            found[english] = _FIELD.sub(lambda name, at=places: at.get(name[1], "?"), title.zh)
    return found


def msgid(template: str) -> str:
    """A template as it stands in a catalogue."""
    return template.replace("{", "{{").replace("}", "}}").replace(HOLE, "{}").strip()


def missing() -> Mapping[str, set[str]]:
    """The texts without Chinese."""
    known = {message.english for message in messages("zh")}
    return {text: names for text, names in used().items() if text not in known}


def superfluous() -> list[str]:
    """The entries that nothing says any more."""
    known = {message.english for message in messages("zh") if message.file != SINGLE}
    return sorted(known - set(used()))


def _is_text(template: str) -> bool:
    return template not in _CODES and _WORDS.search(template) is not None


def _errors(whole: Code) -> set[str]:
    """The names of the error classes."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for module in whole.modules.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"HeadraceError"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def _said(whole: Code) -> Iterator[tuple[Module, ast.expr]]:
    """Every expression that people see."""
    errors = _errors(whole)
    for module in whole.modules.values():
        for node in ast.walk(module.tree):
            for value in _seen(module, node, errors):
                yield module, value


def _seen(module: Module, node: ast.AST, errors: set[str]) -> Iterator[ast.expr]:
    match node:
        case ast.Call():
            name = called(node)
            sinks = _ERROR if name in errors else SINKS.get(name, {})
            given = [argument(node, one, place) for one, place in sinks.items()]
            given += [one.value for one in node.keywords if one.arg in _NAMES and not sinks]
            yield from (value for value in given if value is not None)
            if name == "note" and module.name == _FINDINGS:
                yield node.args[0]
            if name == "Title" and module.name in _TITLES:
                yield from (one for one in node.args[1:] if isinstance(one, ast.Constant))
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value in _NAMES:
                    yield value
        case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name in _NAMES:
            yield value


def main() -> int:
    """Print those without Chinese as entries of a .po file."""
    found = missing()
    for text, names in sorted(found.items(), key=lambda item: (min(item[1]), item[0])):
        sys.stdout.write(f'#: {min(names)}\nmsgid "{_quoted(text)}"\nmsgstr ""\n\n')
    left = superfluous()
    for text in left:
        sys.stdout.write(f'# said no more, take it out: "{_quoted(text)}"\n')
    return 1 if found or left else 0


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


if __name__ == "__main__":
    sys.exit(main())
