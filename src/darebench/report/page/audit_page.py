"""An audit as a page."""

from __future__ import annotations

from collections import Counter

from darebench.audit.findings import Severity
from darebench.audit.store_audit import Audit
from darebench.report.audit_text import SEVERITIES, count_checks
from darebench.report.page.template import fill


def audit_page(audit: Audit) -> str:
    """Render an audit as a page; the same audit gives the same bytes."""
    return fill(
        "audit",
        audit=audit,
        counts=count_checks(audit),
        severities=SEVERITIES,
        columns=Counter(t.track or "unreadable" for t in audit.tasks),
        n_clean=sum(t.worst in (None, Severity.NOTE) for t in audit.tasks),
    )
