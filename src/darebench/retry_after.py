"""`Retry-After`, by which a server says when it may be asked again (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime


def retry_after_s(text: str | None) -> float | None:
    """Return the seconds after which to ask again, from 0 on; None if the header does not say.

    Args:
        text: The header: seconds, or a date; None where an answer has none.
    """
    text = text or ""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return None
    return None if math.isnan(seconds) else max(0.0, seconds)
