"""A program in the sandbox does what the same script does in a new interpreter."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from darebench.cores import usable_cores
from darebench.sandbox import Limits, LocalExecutor, Program
from darebench.sandbox.cell import script
from darebench.sandbox.cell.rootfs import Places

PLACES = Places()


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()


SCRIPTS = {
    "main module": "import sys\nprint(__name__, sys.argv, __file__, __doc__, __package__, __spec__, sys.modules['__main__'].__dict__ is globals())",
    "globals": "print(sorted(globals()))",
    "docstring": "'''The doc.'''\nprint(__doc__)",
    "main guard": "if __name__ == '__main__':\n    print('yes')",
    "folder and path": "import os, sys\nprint(os.getcwd(), sys.path[0], len(sys.path))",
    "flags": "import sys\nprint(sys.flags, sys.warnoptions, sys.dont_write_bytecode, sys.getrecursionlimit())",
    "environment": "import os\nprint(sorted(os.environ.items()))\nos.system('env | sort | grep -v -e ^_= -e ^PWD -e ^SHLVL')",
    "streams": "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr):\n    print(s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.isatty(), s.seekable(), s.buffer, s.fileno(), s.newlines, type(s.buffer.raw), s.buffer.raw.name, s is sys.__dict__['__' + s.name[1:-1] + '__'])",
    "descriptors": "import os\nprint(os.listdir('/proc/self/fd'))",
    "traceback": "def f(x):\n    return 1 / x\ndef g():\n    f(0)\ng()",
    "chained traceback": "def f():\n    try:\n        {}['a']\n    except KeyError as e:\n        raise ValueError('bad') from e\ntry:\n    f()\nexcept ValueError:\n    raise RuntimeError('worse')",
    "exception group": "raise ExceptionGroup('many', [ValueError(1), TypeError('two')])",
    "exception with notes": "e = ValueError('x')\ne.add_note('look here')\nraise e",
    "syntax error": "print(1)\nx = (\n",
    "indentation error": "if True:\nprint(1)",
    "name error with a hint": "import json\njsn.dumps(1)",
    "recursion": "def f(n):\n    return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError as e:\n    print(e)",
    "exit with a number": "import sys\nprint('x')\nsys.exit(300)",
    "exit with words": "import sys\nprint('before')\nsys.exit('no more')",
    "exit with nothing": "raise SystemExit",
    "exit with an object": "import sys\nsys.exit([1, 2])",
    "exit in a thread": "import threading, sys\nt = threading.Thread(target=lambda: sys.exit(4))\nt.start(); t.join()\nprint('on')",
    "exception in a thread": "import threading\ndef f():\n    raise ValueError('in thread')\nt = threading.Thread(target=f, name='T')\nt.start(); t.join()\nprint('on')",
    "interrupt": "raise KeyboardInterrupt",
    "abort": "import os\nprint('lost?', flush=True)\nos.abort()",
    "own signal": "import os, signal\nprint('x', flush=True)\nos.kill(os.getpid(), signal.SIGTERM)",
    "signal handler": "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *a: print('got', a[0]))\nos.kill(os.getpid(), signal.SIGUSR1)\nprint(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGPIPE))",
    "hard exit": "import os\nprint('lost')\nos._exit(5)",
    "exit functions": "import atexit\natexit.register(print, 'one')\natexit.register(print, 'two')\nprint('body')",
    "failing exit function": "import atexit\ndef f():\n    raise ValueError('late')\natexit.register(f)\nprint('body')",
    "own excepthook": "import sys\nsys.excepthook = lambda t, v, b: print('hook', t, v)\nraise ValueError(3)",
    "failing excepthook": "import sys\ndef hook(t, v, b):\n    raise TypeError('hook')\nsys.excepthook = hook\nraise ValueError(3)",
    "finalizers": "class A:\n    def __del__(self):\n        print('del')\na = A()\nprint('end')",
    "finalizers in a cycle": "class A:\n    def __del__(self):\n        print('del')\na = A()\na.me = a\nprint('end')",
    "unclosed file": "f = open('x.txt', 'w')\nf.write('hello')\nimport atexit, os\nprint(os.path.getsize('x.txt'))",
    "unflushed C output": "import ctypes\nctypes.CDLL(None).printf(b'from C %d\\n', 3)\n",
    "closed stdout": "import sys\nsys.stdout.close()",
    "replaced stdout": "import sys, io\nprint('real')\nsys.stdout = io.StringIO()\nprint('gone')",
    "warnings": "import warnings\nwarnings.warn('first')\nfor _ in range(2):\n    warnings.warn('again', DeprecationWarning)\nwarnings.warn('hidden', ImportWarning)\nprint(len(warnings.filters) > 0)",
    "library warnings": "import numpy as np\nfrom sklearn.linear_model import LogisticRegression\nX = np.arange(40.0).reshape(20, 2) ** 3\nLogisticRegression(max_iter=1).fit(X, [0, 1] * 10)\nnp.array([1.0]) / 0\nnp.log(np.array([-1.0]))",
    "seeded random numbers": "import random, numpy as np\nrandom.seed(3); np.random.seed(3)\nprint(random.random(), np.random.rand(), np.random.default_rng(0).random(), np.random.get_state()[2])",
    "hashes": "print(hash('a'), list({'x', 'y', 'zz', 'w'}))",
    "annotations": "def f(a: int) -> 'x':\n    pass\nprint(f.__annotations__)\nx: int = 3\nprint(__annotations__)",
    "pickles": "import pickle\nclass A:\n    x = 1\nprint(pickle.loads(pickle.dumps(A())).x, pickle.dumps(A())[:40])",
    "source of itself": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
    "logging": "import logging\nlogging.warning('w')\nlogging.basicConfig(level=10)\nlogging.info('i')",
    "multiprocessing": "import multiprocessing as mp\ndef f(x):\n    return x * x\nif __name__ == '__main__':\n    print(mp.get_start_method())\n    with mp.Pool(2) as p:\n        print(p.map(f, range(4)))",
    "multiprocessing spawn": "import multiprocessing as mp\ndef f(x):\n    return x + 1\nif __name__ == '__main__':\n    with mp.get_context('spawn').Pool(1) as p:\n        print(p.map(f, [1]))",
    "processes": "from concurrent.futures import ProcessPoolExecutor\ndef f(x):\n    return -x\nif __name__ == '__main__':\n    with ProcessPoolExecutor(2) as p:\n        print(list(p.map(f, [1, 2])))",
    "a fork that goes on": "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\nprint('parent' if pid else 'child')",
    "subprocess": "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(5)'], capture_output=True, text=True))",
    "threads": "from concurrent.futures import ThreadPoolExecutor\nimport threading\nwith ThreadPoolExecutor(3) as p:\n    print(list(p.map(abs, [-1, -2])), threading.current_thread().name, threading.active_count())",
    "late thread": "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()\nprint('main')",
    "asyncio": "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n    return (await p.communicate())[0]\nprint(asyncio.run(f()))",
    "joblib": "from joblib import Parallel, delayed\nprint(Parallel(2)(delayed(abs)(-i) for i in range(4)), Parallel(2, prefer='threads')(delayed(abs)(-i) for i in range(3)))",
    "thread pools": "import numpy as np\nfrom sklearn.cluster import KMeans\nfrom sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier\nX = np.random.default_rng(0).normal(size=(300, 4)); y = (X[:, 0] > 0).astype(int)\nprint(HistGradientBoostingClassifier(max_iter=5).fit(X, y).score(X, y), KMeans(3, n_init=2, random_state=0).fit(X).inertia_, RandomForestClassifier(10, n_jobs=2, random_state=0).fit(X, y).score(X, y), np.linalg.norm(X.T @ X))",
    "thread pool sizes": "import numpy, sklearn.ensemble\nfrom threadpoolctl import threadpool_info\nprint(sorted((i['internal_api'], i['num_threads']) for i in threadpool_info()))",
    "pandas": "import pandas as pd\nd = pd.DataFrame({'g': list('aab'), 'v': [1, 2, 3], 't': pd.date_range('2024', periods=3)})\nprint(d.groupby('g').v.sum(), d.merge(d, on='g'), d.set_index('t').resample('2D').v.mean(), d.dtypes, d.describe())\nd.to_parquet('a.parquet'); d.to_csv('a.csv')\nprint(pd.read_parquet('a.parquet').equals(d), open('a.csv').read(), pd.get_option('display.width'))",
    "pyarrow": "import pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc\nt = pa.table({'a': list(range(1000))})\npq.write_table(t, 'x.parquet')\nprint(pc.sum(pq.read_table('x.parquet')['a']), pa.cpu_count(), pa.io_thread_count())",
    "sqlite": "import sqlite3\nc = sqlite3.connect('a.db')\nc.execute('create table t (x)'); c.execute('insert into t values (3)'); c.commit()\nprint(c.execute('select * from t').fetchall())",
    "matplotlib": "import matplotlib\nimport matplotlib.pyplot as plt\nprint(matplotlib.get_backend().lower(), plt.get_fignums(), plt.rcParams['figure.dpi'])\nfig, ax = plt.subplots()\nax.plot([1, 2]); ax.set_title('x')\nfig.savefig('a.png')\nimport os\nprint(os.path.getsize('a.png') > 1000, fig.number)",
    "temporary files": "import tempfile, os\nwith tempfile.NamedTemporaryFile() as f:\n    print(os.path.dirname(f.name) == tempfile.gettempdir())",
    "time and place": "import time, locale, sys\nprint(time.tzname, locale.getlocale(), sys.getfilesystemencoding(), sys.stdout.encoding)\nprint('ünïcödé')",
    "input": "print(input('? ') + '!')\nimport sys\nprint(sys.stdin.read())",
    "limits of python": "import sys, gc, decimal\nprint(gc.isenabled(), gc.get_threshold(), sys.getswitchinterval(), decimal.getcontext())",
    "sockets between processes": "import socket\na, b = socket.socketpair()\na.sendall(b'x')\nprint(b.recv(1))",
    "shared memory": "from multiprocessing import shared_memory, Queue\nm = shared_memory.SharedMemory(create=True, size=10)\nm.buf[0] = 7\nprint(m.buf[0]); m.close(); m.unlink()\nq = Queue(); q.put(1); print(q.get())",
}  # fmt: skip
SLOWER = {
    "multiprocessing spawn", "joblib", "thread pools", "processes", "matplotlib", "pandas", "pyarrow",
    "library warnings", "thread pool sizes",
}  # fmt: skip
UNBUFFERED = {"hard exit", "environment"}
"""What shows that the sandbox hands on at once what is printed."""
STDIN = "hello\nrest"


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in SLOWER else ()) for n in SCRIPTS]
)
def test_as_in_a_new_interpreter(executor, tmp_path, name):
    code = SCRIPTS[name]
    places = Places(work=str(tmp_path), code=str(tmp_path), temporary=str(tmp_path))
    tmp_path.joinpath("main.py").write_text(code)
    fresh = subprocess.run(
        [sys.executable, *(["-u"] if name in UNBUFFERED else []), places.script],
        input=STDIN,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**script.environment(places), "TZ": "UTC", "OMP_NUM_THREADS": str(usable_cores())},
        timeout=120,
    )
    ours = executor.execute_now(
        Program(code=code, stdin=STDIN.encode(), limits=Limits(wall_s=120.0))
    )
    assert ours.exit_code == fresh.returncode, (ours, fresh)
    assert _plain(ours.stdout, PLACES) == _plain(fresh.stdout, places)
    assert _plain(ours.stderr, PLACES) == _plain(fresh.stderr, places)


def _plain(text: str, places: Places) -> str:
    """Name the folders alike, and leave out what is another number each time."""
    for path, name in (
        (sys.prefix, "<prefix>"),  # first: it may lie below the temporary folder
        (places.script, "<main>"),
        (places.code, "<folder>"),
        (places.work, "<folder>"),
        (places.temporary, "<folder>"),
    ):
        text = text.replace(path, name)
    text = re.sub(r"0x[0-9a-f]+", "<address>", text).replace(", ('TZ', 'UTC')", "")
    return "\n".join(line for line in text.splitlines() if line != "TZ=UTC")


def test_unclosed_files_are_written_at_the_end(executor, tmp_path):
    tmp_path.joinpath("helper.py").write_text("g = open('y.txt', 'w')\ng.write('there')")
    code = "import helper\nf = open('x.txt', 'w')\nf.write('here')"
    program = Program(
        code=code,
        load={"helper.py": tmp_path / "helper.py"},
        save=("x.txt", "y.txt"),
        save_to=tmp_path,
    )
    executor.execute_now(program)
    assert tmp_path.joinpath("x.txt").read_text() == "here"
    assert tmp_path.joinpath("y.txt").read_text() == "there"


def test_a_new_process_in_the_sandbox_can_use_the_libraries(executor):
    code = "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'import pandas, os; print(pandas.__name__, os.getcwd())'], capture_output=True, text=True))"
    assert "pandas /sandbox/work" in executor.execute_now(Program(code=code)).stdout


def test_the_program_uses_as_many_cores_as_there_are(executor):
    code = "import os\nprint(os.cpu_count(), len(os.sched_getaffinity(0)))"
    expected = f"{os.cpu_count()} {len(os.sched_getaffinity(0))}\n"
    assert executor.execute_now(Program(code=code)).stdout == expected
