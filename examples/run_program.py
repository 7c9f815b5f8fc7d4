"""Run programs of your own in the sandbox: files in and out by name, within limits.

Run it: python examples/run_program.py
"""

import tempfile
from pathlib import Path

import darebench

CODE = """
import pandas as pd
frame = pd.read_csv("numbers.csv")
frame["square"] = frame["n"] ** 2
frame.to_csv("squares.csv", index=False)
print(len(frame), "rows")
"""


def main() -> None:
    """Run one program that ends and one that does not."""
    folder = Path(tempfile.mkdtemp())
    (folder / "numbers.csv").write_text("n\n1\n2\n3\n")
    load = {"numbers.csv": folder / "numbers.csv"}
    done = darebench.run_python(CODE, load=load, save=["squares.csv"], save_to=folder)
    saved = done.files["squares.csv"]
    if isinstance(saved, darebench.Saved):
        print(done.status, done.stdout.strip(), saved.path.read_text().split())
    endless = darebench.run_python("while True: pass", limits=darebench.Limits(wall_s=0.5))
    print(endless.status, endless.detail)


if __name__ == "__main__":
    main()
