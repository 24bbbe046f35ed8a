#!/usr/bin/env python3
"""What a call through the gateway costs beside nginx, in the same rounds.

usage: bench/gateway/bench_gateway.py [--kit ../shared/kit/gateway] [--rounds 10] [--seconds 0.6] [--tests 2k,20k,...] [BINARY]

Load and mock provider on core 0, nginx and Bastide on core 1, each with one worker. Windows are short and interleaved; the figure
is the median of the paired ratios of process-tree CPU per request, which foreign load disturbs least. Key check, limits,
budget, metrics and usage log are on. One line of JSON a figure.
"""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TESTS = {  # name: (arguments of the load driver, model, figure, goal)
    "2k": (["-c", "32", "-b", "2000"], "mock", "cpu", 1.0),
    "20k": (["-c", "32", "-b", "20000"], "mock", "cpu", 1.0),
    "stream": (["-c", "16", "-b", "2000", "-s"], "mock", "cpu", 0.4),
    "latency": (["-c", "1", "-b", "2000"], "mock", "p50", 1.3),
    "first_token": (["-c", "1", "-b", "2000", "-s"], "mock-gap5-frames4", "ttft", 1.2),
    "guard": (["-c", "32", "-b", "2000"], "far", "cpu", 1.5),  # outside the walls: the guard has looked
}
BASTIDE, NGINX, MOCK = 24002, 24001, 24000


def config() -> str:
    models = "".join(
        f'[[model]]\nid = "{name}"\nprovider = "{provider}"\nupstream = "{upstream}"\nprice = {{ input = 0.15, output = 0.6 }}\n'
        for name, provider, upstream in (("mock", "near", "mock"), ("far", "far", "mock"),
                                         ("mock-gap5-frames4", "near", "mock-gap5-frames4")))
    return f"""[server]
listen = "127.0.0.1:{BASTIDE}"
[[provider]]
id = "near"
dialect = "openai"
base_url = "http://127.0.0.1:{MOCK}/v1"
zone = "walls"
[[provider]]
id = "far"
dialect = "openai"
base_url = "http://127.0.0.1:{MOCK}/v1"
zone = "FR"
{models}
[limits]
requests_per_minute = 100000000
tokens_per_minute = 1000000000000
[budget.default]
month = 1000000000.0
[[policy.allow]]
label = "internal"
zones = ["walls", "FR"]
"""


def prefer(pid: int) -> None:
    """Ahead of background builds, where the kernel groups by session."""
    try:
        with open(f"/proc/{pid}/autogroup", "w") as file:
            file.write("-12")
    except OSError:
        pass


def start(command, core, **options):
    process = subprocess.Popen(["taskset", "-c", str(core), *command], start_new_session=True, **options)
    prefer(process.pid)
    return process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", nargs="?", default=os.path.join(ROOT, "build/release/bastide"))
    parser.add_argument("--kit", default=os.path.join(os.path.dirname(ROOT), "shared/kit/gateway"))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--tests", default=",".join(TESTS))
    asked = parser.parse_args()
    binary = os.path.abspath(asked.binary)
    folder = tempfile.mkdtemp(prefix="bench-gateway-")
    running = []
    try:
        for name, extra in (("mock", ["-pthread"]), ("load", [])):
            subprocess.run(["g++", "-O2", "-std=c++20", *extra, f"{asked.kit}/{name}.cpp", "-o", f"{folder}/{name}"], check=True)
        shutil.copy(f"{asked.kit}/nginx.conf", folder)
        common = ["--data", f"{folder}/data", "--config", f"{folder}/bastide.toml"]
        with open(f"{folder}/bastide.toml", "w", encoding="utf-8") as file:
            file.write(config())
        subprocess.run([binary, "user", "add", "bench@example.org", "--role", "admin", "--password-stdin", *common],
                       input=b"correct horse battery 9\n", check=True, capture_output=True)
        keys = {guard: subprocess.run(
            [binary, "key", "create", "--user", "bench@example.org", "--name", guard, "--guard", guard, *common],
            check=True, capture_output=True, text=True).stdout.strip() for guard in ("off", "enforce")}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running.append(start([f"{folder}/mock", "-p", str(MOCK)], 0, **quiet))
        nginx = start(["nginx", "-p", folder, "-c", "nginx.conf"], 1, **quiet)
        bastide = start([binary, "serve", *common], 1, **quiet)
        running += [nginx, bastide]
        prefer(os.getpid())
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{BASTIDE}/readyz", timeout=1)
                break
            except OSError:
                time.sleep(0.1)

        def window(port, process, arguments, model):
            key = keys["enforce" if model == "far" else "off"]
            command = ["taskset", "-c", "0", f"{folder}/load", "-u", f"http://127.0.0.1:{port}/v1/chat/completions", "-m", model,
                       "-P", str(process.pid), "-H", f"Authorization: Bearer {key}", "-d", str(asked.seconds), "-w", "0.15"]
            done = subprocess.run(command + arguments, capture_output=True, text=True, timeout=120, check=True)
            return json.loads(done.stdout.strip().splitlines()[-1])

        fields = {"cpu": "cpu_us_req", "p50": "p50_us", "ttft": "ttft_p50_us"}
        for test in asked.tests.split(","):
            arguments, model, kind, goal = TESTS[test]
            field, pairs, bad = fields[kind], [], 0
            for turn in range(asked.rounds):
                both = [(NGINX, nginx, "mock" if model == "far" else model), (BASTIDE, bastide, model)]
                results = {port: window(port, process, arguments, name)
                           for port, process, name in (both if turn % 2 else reversed(both))}
                bad += results[BASTIDE]["bad"]
                if results[NGINX].get(field) and results[BASTIDE].get(field):
                    pairs.append((results[BASTIDE][field], results[NGINX][field]))
            print(json.dumps({
                "figure": f"gateway_{test}_{kind}_times_nginx",
                "value": round(statistics.median(ours / theirs for ours, theirs in pairs), 3), "goal_max": goal,
                "us": round(statistics.median(ours for ours, _ in pairs), 1),
                "nginx_us": round(statistics.median(theirs for _, theirs in pairs), 1), "rounds": len(pairs), "bad": bad}),
                flush=True)
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
