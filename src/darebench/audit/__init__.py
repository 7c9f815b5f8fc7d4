"""Is a task worth asking: checks of single tasks and of whole stores.

The room can be called: `darebench.audit(...)` is `darebench.audit.run.audit_store`.
"""

import sys

from darebench import CallableRoom

sys.modules[__name__].__class__ = CallableRoom
