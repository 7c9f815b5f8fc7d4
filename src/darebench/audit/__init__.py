"""Check whether a task is worth asking: checks of single tasks and of whole stores.

`checks` holds one module a check and the registry of all of them. The modules beside it measure
what the checks judge by: leaks, random walks, headroom, near-duplicates, what a reader understands.

The room can be called: `darebench.audit(...)` is `darebench.audit.store_audit.audit_store`.
"""

import sys

from darebench import CallableRoom

sys.modules[__name__].__class__ = CallableRoom
