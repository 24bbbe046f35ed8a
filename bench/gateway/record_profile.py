#!/usr/bin/env python3
"""Records which way calls take through the gateway, for the compiler (cmake/profile.cmake): cmake/gateway.profdata.

usage: bench/gateway/record_profile.py [--kit ../shared/kit/gateway] [--seconds 3]

Builds an instrumented program in build/record and sends it the calls of bench_gateway.py: small and large, streamed and whole, as bytes,
translated, looked at by the guard and masked. A profile that is older than the code costs speed only; record a new one when the
figures of bench_gateway.py say so.
"""
import argparse
import glob
import os
import subprocess
import tempfile

import stage
from bench_gateway import TESTS, configure, driver_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kit", default=stage.KIT)
    parser.add_argument("--seconds", type=float, default=3)
    asked = parser.parse_args()
    build = os.path.join(stage.ROOT, "build/record")
    subprocess.run(["cmake", "--preset", "release", "-B", build, "-DBASTIDE_PROFILE=record"], cwd=stage.ROOT, check=True)
    subprocess.run(["ninja", "-C", build, "bastide"], check=True)
    with tempfile.TemporaryDirectory(prefix="profile-") as folder:
        os.environ["LLVM_PROFILE_FILE"] = f"{folder}/%p.profraw"
        with stage.Stage(asked.kit, f"{build}/bastide") as house:
            keys = configure(house)
            house.mock()
            server = house.serve()
            for arguments, model, _, _ in TESTS.values():
                house.load(stage.BASTIDE, keys[model], "-m", model, "-d", asked.seconds, "-w", 0, *arguments, driver=driver_of(model))
            house.end(server)
        subprocess.run(["llvm-profdata-19", "merge", "--sparse", "-o", f"{stage.ROOT}/cmake/gateway.profdata", *glob.glob(f"{folder}/*.profraw")],
                       check=True)


if __name__ == "__main__":
    main()
