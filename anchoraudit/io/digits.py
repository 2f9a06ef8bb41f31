"""Numbers as text, with as many digits as a sentence needs to be true."""

from __future__ import annotations

_MOST = 17  # digits tell every float64 from its neighbours


def told_apart(value: float, limit: float, form: str = "3g") -> str:
    """Write a number so that it reads on the same side of a limit as it is.

    value, limit: finite. form: the least digits and the format's letter: ``"3g"`` for three digits,
    ``"2f"`` for two decimals. More are written only if the rounded number would be equal to the limit, or
    beyond it.

    >>> told_apart(1.25, 1.0), told_apart(1.0012, 1.0), told_apart(0.49973, 0.5, "2f")
    ('1.25', '1.001', '0.4997')
    """
    for digits in range(int(form[:-1]), _MOST):
        text = f"{value:.{digits}{form[-1]}}"
        shown = float(text)
        if (shown < limit, shown > limit) == (value < limit, value > limit):
            return text
    return repr(value)
