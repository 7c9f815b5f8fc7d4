"""Programs that try to change what the next one meets, each with a program that looks."""

from __future__ import annotations

from darebench.sandbox.attacks.attack import Attack, Kind

_POISONS = {
    "modules": ("import numpy, pandas, sklearn.base, json\nnumpy.mean = None\npandas.DataFrame.to_csv = None\nsklearn.base.clone = None\nsys.modules['json'] = None", "import json, numpy as np, pandas as pd, sklearn.base\nprint(np.mean([1, 3]), pd.DataFrame({'a': [1]}).to_csv(index=False).split(), sklearn.base.clone is not None, json.dumps(1))"),
    "builtins": ("import builtins\nbuiltins.open = None\nbuiltins.print = lambda *a: None\nctypes.memset(id(7) + 24, 9, 1)", "print(open('x', 'w') is not None, 3 + 4)"),
    "machine code": ("base = ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value & ~4095\nprint(libc.mprotect(ctypes.c_void_p(base), 4096, 7))\nctypes.memset(base, 0xCC, 4096)", "print('fine')"),
    "files": ("for p in ('left', '/tmp/left', '/dev/shm/left', '/sandbox/code/left', '/sandbox/code/main.py', 'numpy.py', 'sitecustomize.py'):\n    open(p, 'w').write('x = 1')", "print(os.listdir('.'), os.listdir('/tmp'), os.listdir('/dev/shm'), os.listdir('/sandbox/code'))"),
    "settings": ("os.environ['PYTHONPATH'] = '/tmp'\nos.umask(0o777)\nos.chdir('/')\nos.nice(5)\nsys.path.clear()\nimport random, numpy, warnings, locale\nrandom.seed(1); numpy.random.seed(1); warnings.simplefilter('error'); numpy.seterr(all='raise'); sys.setrecursionlimit(50)", "import numpy\nm = os.umask(0); os.umask(m)\nprint('PYTHONPATH' in os.environ, m, os.getcwd(), numpy.geterr()['over'], sys.getrecursionlimit(), os.nice(0))"),
    "sockets": ("s = socket.socket(socket.AF_UNIX); s.bind('\\0mine'); s.listen()\nt = socket.socket(2, 2); t.bind(('0.0.0.0', 5000))", "s = socket.socket(socket.AF_UNIX)\ndenied(lambda: s.connect('\\0mine'))\nt = socket.socket(2, 2); t.bind(('0.0.0.0', 5000))\nprint('free', open('/proc/net/unix').read().count('mine'))"),
    "signals": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\nsignal.alarm(100)", "print(signal.getsignal(signal.SIGTERM), signal.pthread_sigmask(0, []), signal.alarm(0))"),
}  # fmt: skip

POISON = tuple(
    Attack(name=name, kind=Kind.POISON, code=code, holds=lambda outcome: True, look=look)
    for name, (code, look) in _POISONS.items()
)
