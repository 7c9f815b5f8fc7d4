"""Many attempts, scored, on disk: evaluation on Inspect AI.

`darebench.evals.run` makes a run; `darebench.evals.run_folder.read_run` reads what its folder holds
at any moment, finished or not.
"""
