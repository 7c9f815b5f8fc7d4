"""A box of verifiers 0.4 that is a session of the sandbox: its files stay, its network is none.

Run it: make executors-env && .venv-executors/bin/python examples/executors/verifiers_runtime.py
"""

import asyncio

from darebench.train.verifiers_runtime import SessionRuntime

CONNECT = "import socket; socket.create_connection(('127.0.0.1', 80))"


async def main() -> None:
    """Write a file, work on it with two commands, and try what is not allowed."""
    box = SessionRuntime()
    await box.start()
    await box.write("in/six.txt", b"6")
    print(await box.run(["sh", "-c", "echo $(($(cat in/six.txt) * 7)) > out; test -s out"], {}))
    print(await box.read("out", max_bytes=10), (await box.read("in/six.txt")).decode())
    for argv in (["python3", "-c", CONNECT], ["cat", "/etc/shadow"], ["no-such-program"]):
        print(argv[0], (await box.run(argv, {})).exit_code)
    print(await box.alive())
    await box.stop()


asyncio.run(main())
