"""One attempt at a task: knows the task and the sandbox, never the answer."""
