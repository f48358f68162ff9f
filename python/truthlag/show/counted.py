"""Numbers with their noun."""


def counted(number: int, noun: str) -> str:
    """One of a thing in the singular, else in the plural.

    >>> counted(1, "label"), counted(2_000, "label")
    ('1 label', '2,000 labels')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
