#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three of the benchmark networks in Brian2 (Stimberg et al. 2019, DOI 10.7554/eLife.47314), as compiled C++: one JSON object.

Time is what Brian2 itself measures of the last run() call, so generating and compiling code is not in it. Potentials are in mV.
The slots of a step are put in our order, input before threshold, so that the feed-forward network has the same spikes.
"""
import argparse
import json
import statistics
import tempfile
import time

import brian2 as b
import numpy as np

WARM_UP_MS = 100
STEP_MS = 0.1
SCHEDULE = ["start", "groups", "synapses", "thresholds", "resets", "end"]
# In this order a spike is sent on a step after it was found, and the last refractory step lets input in: both are made good here.
SENT_LATER_MS = STEP_MS
HELD_LONGER_MS = STEP_MS


def uniform(seed, numbers):
    """Members of the splitmix64 sequence of a seed, in [0, 1)."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(float) * 2.0**-53


def synapses(source, target, increment, delay_ms, model=""):
    return b.Synapses(source, target, model, on_pre=increment, delay=(delay_ms - SENT_LATER_MS) * b.ms)


def fixed_in_degree(projection, in_degree, random):
    """Sources are drawn uniformly, with replacement. The synapses of a source lie together, which halves Brian2's time."""
    targets = np.repeat(np.arange(len(projection.target)), in_degree)
    sources = random.integers(0, len(projection.source), len(targets))
    order = np.argsort(sources, kind="stable")
    projection.connect(i=sources[order], j=targets[order])


def brunel_delta(span_ms, seed):
    """10,000 neurons with 800 excitatory and 200 inhibitory synapses each, and a drive of 20 kHz."""
    group = b.NeuronGroup(10000, "dv/dt = -v / (20*ms) : 1 (unless refractory)", threshold="v >= 20", reset="v = 10",
                          refractory=(2 + HELD_LONGER_MS) * b.ms, method="exact")
    # Input that comes in the refractory period is lost.
    group.run_regularly("v = 10 + (v - 10) * int(not_refractory)", when="after_synapses")
    excitatory, inhibitory = group[:8000], group[8000:]
    projections = [synapses(excitatory, group, "v_post += 0.1", 1.5), synapses(inhibitory, group, "v_post -= 0.5", 1.5)]
    random = np.random.default_rng(seed)
    fixed_in_degree(projections[0], 800, random)
    fixed_in_degree(projections[1], 200, random)
    parts = [b.PoissonInput(group, "v", 800, 25 * b.Hz, 0.1)]
    return balanced(span_ms, group, [excitatory, inhibitory], projections, parts)


def cuba(span_ms, _):
    equations = """dv/dt = (g_e + g_i - (v + 49)) / (20*ms) : 1 (unless refractory)
                   dg_e/dt = -g_e / (5*ms) : 1
                   dg_i/dt = -g_i / (10*ms) : 1"""
    group = b.NeuronGroup(4000, equations, threshold="v >= -50", reset="v = -60", refractory=(5 + HELD_LONGER_MS) * b.ms, method="exact")
    group.v = "-60 + 10 * rand()"
    excitatory, inhibitory = group[:3200], group[3200:]
    projections = [synapses(excitatory, group, "g_e_post += 1.62", 0.1), synapses(inhibitory, group, "g_i_post -= 9", 0.1)]
    for projection in projections:
        projection.connect(p=0.02)
    return balanced(span_ms, group, [excitatory, inhibitory], projections, [])


def balanced(span_ms, group, halves, projections, parts):
    """Runs a network of an excitatory and an inhibitory half; counts what happened after the warm-up."""
    monitors = [b.SpikeMonitor(half) for half in halves]
    network = b.Network(group, projections, parts, monitors)
    network.schedule = SCHEDULE
    network.run(WARM_UP_MS * b.ms)
    network.run(span_ms * b.ms)

    def count():
        spikes = [int(np.sum(np.asarray(m.t / b.ms) >= WARM_UP_MS)) for m in monitors]
        sizes = [len(p) for p in projections]
        events = sum(n * size / len(half) for n, size, half in zip(spikes, sizes, halves))
        rates = [n / len(half) / (span_ms * 1e-3) for n, half in zip(spikes, halves)]
        return {"synapses": sum(sizes), "rate_hz": dict(zip("ei", rates)), "synaptic_events": round(events)}

    return span_ms, count


def feed_forward(*_):
    """784-512-256-10, twenty presentations of 100 ms."""
    sizes, amplitudes, presentations = [784, 512, 256, 10], [0.15, 0.26, 0.7], 20
    frames = np.arange(10 * sizes[0])
    times, sources = [], []
    for p in range(presentations):
        fired = frames[uniform(5_000_000 + p, frames) < 0.03]
        times.extend(100 * p + 10 * (fired // sizes[0]) + 1)
        sources.extend(fired % sizes[0])
    layers = [b.SpikeGeneratorGroup(sizes[0], sources, np.array(times) * b.ms)]
    projections = []
    for k, amplitude in enumerate(amplitudes):
        layers.append(b.NeuronGroup(sizes[k + 1], "dv/dt = -v / (20*ms) : 1 (unless refractory)", threshold="v >= 1", reset="v = 0",
                                    refractory=(2 + HELD_LONGER_MS) * b.ms, method="exact"))
        dense = synapses(layers[k], layers[k + 1], "v_post += w * int(not_refractory_post)", 1, model="w : 1")
        dense.connect()
        dense.w = np.float32((2 * uniform(1000 + k, np.arange(sizes[k] * sizes[k + 1])) - 1) * amplitude)
        projections.append(dense)
    monitors = [b.SpikeMonitor(layer, record=False) for layer in layers]
    network = b.Network(layers, projections, monitors)
    network.schedule = SCHEDULE
    network.run(100 * presentations * b.ms)

    def count():
        spikes = [int(np.sum(m.count[:])) for m in monitors]
        events = sum(n * size for n, size in zip(spikes, sizes[1:]))
        return {"presentations": presentations, "spikes": spikes, "synaptic_events": events}

    return 100 * presentations, count


def main():
    networks = {f.__name__: f for f in (brunel_delta, cuba, feed_forward)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=networks)
    parser.add_argument("--ms", type=float, default=1000, help="simulated time that is measured (not of feed_forward)")
    parser.add_argument("--repeat", type=int, default=1, help="runs of the compiled program; the median counts")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    b.set_device("cpp_standalone", build_on_run=False)
    b.defaultclock.dt = STEP_MS * b.ms
    b.seed(arguments.seed)
    with tempfile.TemporaryDirectory() as directory:
        begin = time.monotonic()
        span_ms, count = networks[arguments.name](arguments.ms, arguments.seed)
        b.device.build(directory=directory, run=False, with_output=False)
        build_s = time.monotonic() - begin
        seconds = []
        for _ in range(arguments.repeat):
            b.device.run(directory, with_output=False, run_args=[])
            seconds.append(b.device._last_run_time)
        result = {"network": arguments.name, "engine": "Brian2 " + b.__version__, "threads": 1, "simulated_ms": span_ms,
                  "generate_and_compile_s": build_s, **count()}
    middle = statistics.median(seconds)
    result.update(simulate_s=middle, all_simulate_s=seconds, events_per_s=result["synaptic_events"] / middle,
                  real_time_factor=middle / (span_ms * 1e-3))
    if arguments.name == "feed_forward":
        result["ms_per_presentation"] = 1e3 * middle / result["presentations"]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
