# SPDX-License-Identifier: Apache-2.0
"""Benchmarks that are not one network: a whole command, or the path between a board and us. Each gives a row for the table of `scripts/bench`,
or nothing if it cannot be run here."""
import collections
import json
import os
import pathlib
import resource
import shlex
import statistics
import subprocess
import tempfile
import time

from measuring import fault, run_json, say

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

TEN_NEURONS = """# proto-message: spikeloop.v1.Network
populations { name: "in" shape: 10 source { poisson { rate_hz: 500 } } }
populations { name: "n" shape: 10 neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 } } }
projections { source: "in" target: "n" weight { constant: 0.05 } }
probes { population: "n" spikes {} }
"""


# Every neuron of the board with every CAM word used: eight populations of two cores each.
WHOLE_BOARD = "# proto-message: spikeloop.v1.Network\n" + "".join(
    f"""populations {{ name: "n{i}" shape: 512 neuron {{ lif_exp {{ tau_m_ms: 20 tau_syn_ms: 5 v_threshold_mv: 1 v_floor_mv: 0 }} }} }}
projections {{ source: "n{i}" target: "n{i}" connect {{ fixed_in_degree {{ count: 64 }} }} weight {{ constant: 0.05 }} }}
""" for i in range(8))


def cpu_times(name, text, verb, binaries, rounds, neurons):
    """CPU time of the whole program on a network, from start to exit: a run each."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        network = pathlib.Path(folder, name + ".txtpb")
        network.write_text(text)
        for k in range(rounds):
            command = [str(binaries / "spikeloop"), verb, str(network), "--quiet", "--out", f"{folder}/{k}"]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            if subprocess.run(command, capture_output=True).returncode:
                fault(shlex.join(command) + " failed")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            runs.append({"network": name, "neurons": neurons, "build": "",
                         "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime})
    return runs


def measure_startup(binaries, _threads):
    """CPU time of a second of ten neurons."""
    runs = cpu_times("startup", TEN_NEURONS, "run", binaries, 11, 10)
    middle = statistics.median(run["cpu_s"] for run in runs)
    runs[0]["note"] = f"{1e3 * middle:.0f} ms of CPU time from start to exit, a second of ten neurons"
    return {"name": "startup", "threads": 1, "command": "spikeloop run ten.txtpb", "runs": runs}


def measure_mapping(binaries, _threads):
    """CPU time of mapping a network that takes the whole of a DYNAP-SE1 board, report and files included."""
    runs = cpu_times("mapping", WHOLE_BOARD, "map", binaries, 5, 4096)
    middle = statistics.median(run["cpu_s"] for run in runs)
    runs[0]["note"] = f"{middle:.2f} s of CPU time from start to exit, 4,096 neurons with 64 synapses each"
    return {"name": "mapping", "threads": 1, "command": "spikeloop map whole_board.txtpb --out DIR", "runs": runs}


def measure_epoch(binaries, threads):
    """One epoch of MNIST, controller and all: trials of the warm-up, the training part and the validation part, loading not counted."""
    data = os.environ.get("SPIKELOOP_DATA_DIR", str(ROOT.parent / "shared" / "data"))
    if not pathlib.Path(data, "mnist").exists():
        say(f"MNIST IS ABSENT from {data}: no epoch is timed")
        return None
    with tempfile.TemporaryDirectory() as folder:
        command = [str(binaries / "spikeloop"), "sweep", str(ROOT / "examples/mnist.txtpb"), "--over", "batch=4", "--epochs", "1", "--seeds", "1",
                   "--threads", str(threads), "--data", data, "--out"]
        def seconds(out, *more):
            start = time.monotonic()
            if subprocess.run(command + [out, *more], capture_output=True).returncode:
                fault(shlex.join(command) + " failed")
            return time.monotonic() - start
        loading = seconds(f"{folder}/small", "--smoke")
        whole = seconds(f"{folder}/whole") - loading
        point = json.loads(pathlib.Path(folder, "whole", "sweep.json").read_text())["points"][0]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    epoch, accuracy = whole * 60000 / 61000, point["validation_accuracy"]["mean"]
    run = {"network": "mnist_epoch", "neurons": 784 + 512 + 10, "build": "", "epoch_s": epoch, "peak_bytes": peak, "accuracy": accuracy,
           "note": f"{epoch:.1f} s for 60,000 trials of `mnist` in batches of four; validation accuracy {100 * accuracy:.1f} %"}
    return {"name": "mnist_epoch", "threads": threads, "command": shlex.join(command[1:-1]), "runs": [run]}


def measure_stream(binaries, _threads):
    """Bytes of a board's event stream to events, one time stamp and one spike each, beside memcpy of the same bytes."""
    program = binaries / "spikeloop_bench"
    if not program.exists():
        say("GOOGLE BENCHMARK IS ABSENT: no decoding of streams is timed")
        return None
    command = [str(program), "--benchmark_filter=DecodeStream/per_stamp:1$", "--benchmark_format=json"]
    done = run_json(command)
    if not done:
        return None
    result = done["benchmarks"][0]
    rate, of_memcpy = result["best_events_per_second"], result["of_memcpy"]
    run = {"network": "board_stream", "build": "", "decoded_per_s": rate, "of_memcpy": of_memcpy,
           "note": f"{rate / 1e6:.0f} million events/s decoded, {of_memcpy:.3f} of what memcpy does with the same bytes"}
    return {"name": "board_stream", "threads": 1, "command": shlex.join(command), "runs": [run]}


def measure_transports(binaries, _threads):
    """Round trips and streams of a board in this process and over USB/IP on 127.0.0.1."""
    command = [str(binaries / "spikeloop_transport_bench")]
    run = run_json(command)
    if not run:
        return None
    run |= {"network": "transports", "build": "",
            "note": "; ".join(f"{name}: median round trip {t['round_trip_us']:.1f} us, stream {max(t['stream_mb_per_s'].values()):.0f} MB/s"
                              for name, t in run["transports"].items())}
    return {"name": "transports", "threads": 1, "command": shlex.join(command), "runs": [run]}


Program = collections.namedtuple("Program", ["measure", "long"])
PROGRAMS = {"startup": Program(measure_startup, False), "mapping": Program(measure_mapping, False), "mnist_epoch": Program(measure_epoch, True),
            "board_stream": Program(measure_stream, False), "transports": Program(measure_transports, False)}
