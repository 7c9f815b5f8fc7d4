"""A smolagents agent whose code runs in a session of the sandbox; a script stands for its model.

Run it: make executors-env && .venv-executors/bin/python examples/executors/smolagents_agent.py
"""

from smolagents import AgentError, AgentLogger, ChatMessage, CodeAgent, LogLevel, MessageRole, Model
from smolagents.local_python_executor import CodeOutput
from smolagents.remote_executors import RemotePythonExecutor

import darebench

ANSWERS = ["<code>\nx = 6\nprint(x)\n</code>", "<code>\nfinal_answer(x * 7)\n</code>"]


class SessionExecutor(RemotePythonExecutor):
    """Runs code in a session, with the packages of this environment and no others."""

    session: darebench.Session

    def install_packages(self, additional_imports: list[str]) -> list[str]:
        return additional_imports

    def run_code_raise_errors(self, code: str) -> CodeOutput:
        done = self.session.run(code, keep_failed=True)
        error, _, value = (done.stderr.strip().splitlines() or [""])[-1].partition(": ")
        if error.endswith(self.FINAL_ANSWER_EXCEPTION):  # how the final answer is given
            return CodeOutput(self._deserialize_final_answer(value), done.stdout, True)
        if done.status != "ok":
            raise AgentError(f"{done.stdout}{done.stderr}{done.detail}", self.logger)
        return CodeOutput(done.result, done.stdout, False)


executor = SessionExecutor([], AgentLogger(LogLevel.ERROR))
script = Model()
script.generate = lambda *_, **__: ChatMessage(MessageRole.ASSISTANT, ANSWERS.pop(0))
with darebench.Session() as executor.session:
    agent = CodeAgent([], script, executor=executor, verbosity_level=0)
    print(agent.run("What is six times seven?"))
