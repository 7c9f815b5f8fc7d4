"""An audit as a page."""

from __future__ import annotations

from collections import Counter

from darebench.audit.findings import Severity
from darebench.audit.store_audit import Audit
from darebench.report.audit_figures import store_charts, store_facts
from darebench.report.audit_text import SEVERITIES, count_checks
from darebench.report.page.audit_samples import SEED, draw_samples
from darebench.report.page.template import fill


def audit_page(audit: Audit) -> str:
    """Render an audit and some tasks of its store as a page.

    The same audit of the same store gives the same bytes.

    Raises:
        StoreError: The store is not there any more.
    """
    return fill(
        "audit",
        audit=audit,
        counts=count_checks(audit),
        severities=SEVERITIES,
        facts=store_facts(audit),
        charts=store_charts(audit),
        samples=draw_samples(audit),
        seed=SEED,
        columns=Counter(t.track or "unreadable" for t in audit.tasks),
        n_clean=sum(t.worst in (None, Severity.NOTE) for t in audit.tasks),
    )
