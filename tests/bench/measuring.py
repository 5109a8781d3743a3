# SPDX-License-Identifier: Apache-2.0
"""What the benchmark scripts share: how they speak, and how they run a program that prints JSON."""
import json
import shlex
import subprocess
import sys

faults = []


def say(text):
    print("== " + text, file=sys.stderr, flush=True)


def fault(text):
    faults.append(text)
    say("WRONG: " + text)


def run_json(command, environment=None):
    """The JSON object that a command prints last, or nothing and a fault."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    for line in done.stderr.splitlines():
        if "NOT COMPARED" in line:
            say(line)
    if done.returncode:
        fault(f"{shlex.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return None
    return json.loads(done.stdout[done.stdout.index("{"):])
