#!/usr/bin/env python3
"""What a call through the gateway costs beside nginx, in the same rounds.

usage: bench/gateway/bench_gateway.py [--kit ../shared/kit/gateway] [--rounds 10] [--seconds 0.6] [--tests 2k,20k,...]
                                      [--bare build/release/bench/net/bench_net_relay] [BINARY]

Load and mock provider on core 0, nginx and Bastide on core 1, each with one worker. Windows are short and interleaved; the figure
is the median of the paired ratios of process-tree CPU per request, which foreign load disturbs least. Key check, limits,
budget, metrics and usage log are on. One line of JSON a figure.
"""
import argparse
import itertools
import statistics
import time

import stage

TESTS = {  # name: (arguments of the load driver, model, figures, goal of each)
    "2k": (["-c", "32", "-b", "2000"], "mock", ("cpu",), 1.0),
    "20k": (["-c", "32", "-b", "20000"], "mock", ("cpu",), 1.0),
    "stream": (["-c", "16", "-b", "2000", "-s"], "mock", ("cpu",), 0.4),
    "latency": (["-c", "1", "-b", "2000"], "mock", ("p50", "p99"), 1.3),
    "first_token": (["-c", "1", "-b", "2000", "-s"], "mock-gap5-frames4", ("ttft",), 1.2),
    "guard": (["-c", "32", "-b", "2000"], "far", ("cpu",), 1.5),  # outside the walls: the guard has looked
    "translated": (["-c", "32", "-b", "2000"], "foreign", ("cpu",), 2.0),  # OpenAI to Anthropic and back
    "translated_stream": (["-c", "16", "-b", "2000", "-s"], "foreign", ("cpu",), 1.0),
    "masked_stream": (["-c", "16", "-b", "2000", "-s"], "masked", ("cpu",), 1.0),  # an address is replaced on the way out
}
BARE = 24003
FIELDS = {"cpu": "cpu_us_req", "p50": "p50_us", "p99": "p99_us", "ttft": "ttft_p50_us"}


def configure(house) -> dict:
    """The models that are asked, each with its key."""
    house.configure(stage.provider("near") + stage.provider("far", "FR") + stage.provider("foreign", dialect="anthropic") +
                    stage.model("mock", "near", "mock") + stage.model("far", "far", "mock") + stage.model("foreign", "foreign", "mock") +
                    stage.model("masked", "far", "mock") + stage.model("mock-gap5-frames4", "near", "mock-gap5-frames4") + stage.LIMITS)
    keys = {guard: house.key(guard) for guard in ("off", "enforce")}
    return {model: keys["enforce" if model in ("far", "masked") else "off"] for _, model, _, _ in TESTS.values()}


def driver_of(model: str) -> str:
    return "load-personal" if model == "masked" else "load"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", nargs="?", default=stage.BINARY)
    parser.add_argument("--kit", default=stage.KIT)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--tests", default=",".join(TESTS))
    parser.add_argument("--bare", help="bench_net_relay: the relay alone, in the same rounds")
    asked = parser.parse_args()
    with stage.Stage(asked.kit, asked.binary) as house:
        keys = configure(house)
        house.mock()
        nginx, bastide = house.nginx(), house.serve()

        def window(port, process, arguments, model):
            return house.load(port, keys[model], "-m", model, "-d", asked.seconds, "-w", 0.15, *arguments, process=process, driver=driver_of(model))

        arms = {"nginx": (stage.NGINX, nginx), "bastide": (stage.BASTIDE, bastide)}
        if asked.bare:
            arms["bare"] = (BARE, house.start([asked.bare, str(BARE), f"http://127.0.0.1:{stage.MOCK}"], 1))
            time.sleep(1)
        for test in asked.tests.split(","):
            arguments, model, kinds, goal = TESTS[test]
            rounds = []
            for turn in range(asked.rounds):
                order = sorted(arms, reverse=turn % 2 == 1)
                rounds.append({name: window(*arms[name], arguments, model if name == "bastide" or model.startswith("mock") else "mock")
                               for name in order})
            for name, kind in itertools.product([name for name in arms if name != "nginx"], kinds):
                pairs = [(turn[name][FIELDS[kind]], turn["nginx"][FIELDS[kind]]) for turn in rounds]
                pairs = [(ours, theirs) for ours, theirs in pairs if ours and theirs]
                stage.tell(f"gateway_{test}_{kind}_times_nginx" if name == "bastide" else f"bare_relay_{test}_{kind}_times_nginx",
                           round(statistics.median(ours / theirs for ours, theirs in pairs), 3),
                           **({"goal_max": goal} if name == "bastide" else {}),
                           us=round(statistics.median(ours for ours, _ in pairs), 1),
                           nginx_us=round(statistics.median(theirs for _, theirs in pairs), 1),
                           rounds=len(pairs), bad=sum(turn[name]["bad"] for turn in rounds))


if __name__ == "__main__":
    main()
