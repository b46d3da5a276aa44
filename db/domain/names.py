"""What a name may hold, by Unicode categories: one rule for mutations, tokens and imports.

A name is one line that shows what it holds. So it has no control and format characters (Cc, Cf), no line and
paragraph separators (Zl, Zp), no surrogates and no characters for private use (Cs, Co). An override of the
direction of writing, for example, would show "Nolrac" for another name. The two joiners are allowed: Persian,
Indic scripts and emoji are written with them.
"""

from unicodedata import category

_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"

_BLANK_SYMBOLS = (
    "\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}"
    "\N{BRAILLE PATTERN BLANK}"
)
"""Letters and a symbol, by their categories, that show nothing."""


def forbidden_character(name: str) -> str | None:
    """Return the first character that a name must not hold, such as ``U+202E``, or None."""
    for character in name:
        if category(character) in _FORBIDDEN_CATEGORIES and character not in _JOINERS:
            return f"U+{ord(character):04X}"
    return None


def is_visible(name: str) -> bool:
    """Return whether a name has a letter, number, punctuation or symbol that shows something."""
    return any(category(each)[0] in "LNPS" and each not in _BLANK_SYMBOLS for each in name)


def is_name(text: str) -> bool:
    """Return whether a text is visible and holds only what a name may hold."""
    return is_visible(text) and forbidden_character(text) is None
