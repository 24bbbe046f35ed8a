#!/usr/bin/env python3
"""What a call through the gateway costs beside nginx, in the same rounds.

usage: bench/gateway/bench_gateway.py [--kit ../shared/kit/gateway] [--rounds 10] [--seconds 0.6] [--tests 2k,20k,...] [BINARY]

Load and mock provider on core 0, nginx and Bastide on core 1, each with one worker. Windows are short and interleaved; the figure
is the median of the paired ratios of process-tree CPU per request, which foreign load disturbs least. Key check, limits,
budget, metrics and usage log are on. One line of JSON a figure.
"""
import argparse
import json
import statistics

import stage

TESTS = {  # name: (arguments of the load driver, model, figure, goal)
    "2k": (["-c", "32", "-b", "2000"], "mock", "cpu", 1.0),
    "20k": (["-c", "32", "-b", "20000"], "mock", "cpu", 1.0),
    "stream": (["-c", "16", "-b", "2000", "-s"], "mock", "cpu", 0.4),
    "latency": (["-c", "1", "-b", "2000"], "mock", "p50", 1.3),
    "first_token": (["-c", "1", "-b", "2000", "-s"], "mock-gap5-frames4", "ttft", 1.2),
    "guard": (["-c", "32", "-b", "2000"], "far", "cpu", 1.5),  # outside the walls: the guard has looked
}
FIELDS = {"cpu": "cpu_us_req", "p50": "p50_us", "ttft": "ttft_p50_us"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", nargs="?", default=stage.BINARY)
    parser.add_argument("--kit", default=stage.KIT)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--tests", default=",".join(TESTS))
    asked = parser.parse_args()
    with stage.Stage(asked.kit, asked.binary) as house:
        house.configure(stage.provider("near") + stage.provider("far", "FR") + stage.model("mock", "near", "mock") +
                        stage.model("far", "far", "mock") +
                        stage.model("mock-gap5-frames4", "near", "mock-gap5-frames4") + stage.LIMITS)
        keys = {guard: house.key(guard) for guard in ("off", "enforce")}
        house.mock()
        nginx, bastide = house.nginx(), house.serve()

        def window(port, process, arguments, model):
            return house.load(port, keys["enforce" if model == "far" else "off"], "-m", model, "-d", asked.seconds, "-w", 0.15,
                              *arguments, process=process)

        for test in asked.tests.split(","):
            arguments, model, kind, goal = TESTS[test]
            field, pairs, bad = FIELDS[kind], [], 0
            for turn in range(asked.rounds):
                both = [(stage.NGINX, nginx, "mock" if model == "far" else model), (stage.BASTIDE, bastide, model)]
                results = {port: window(port, process, arguments, name)
                           for port, process, name in (both if turn % 2 else reversed(both))}
                bad += results[stage.BASTIDE]["bad"]
                if results[stage.NGINX].get(field) and results[stage.BASTIDE].get(field):
                    pairs.append((results[stage.BASTIDE][field], results[stage.NGINX][field]))
            print(json.dumps({
                "figure": f"gateway_{test}_{kind}_times_nginx",
                "value": round(statistics.median(ours / theirs for ours, theirs in pairs), 3), "goal_max": goal,
                "us": round(statistics.median(ours for ours, _ in pairs), 1),
                "nginx_us": round(statistics.median(theirs for _, theirs in pairs), 1), "rounds": len(pairs), "bad": bad}),
                flush=True)


if __name__ == "__main__":
    main()
