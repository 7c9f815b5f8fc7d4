"""Is a task worth asking: checks of single tasks and of whole stores."""
