"""What the gateway's benchmarks share: the kit's load driver and mock provider on core 0, servers on core 1, each ahead of
background builds where the kernel groups by session."""
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KIT = os.path.join(os.path.dirname(ROOT), "shared/kit/gateway")
BINARY = os.path.join(ROOT, "build/release/bastide")
BASTIDE, NGINX, MOCK = 24002, 24001, 24000


def prefer(pid: int) -> None:
    try:
        with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
            file.write("-12")
    except OSError:
        pass


def provider(name: str, zone: str = "walls", port: int = MOCK, dialect: str = "openai") -> str:
    return f"""[[provider]]
id = "{name}"
dialect = "{dialect}"
base_url = "http://127.0.0.1:{port}/v1"
zone = "{zone}"
"""


def model(name: str, by: str, upstream: str, rest: str = "price = { input = 0.15, output = 0.6 }") -> str:
    return f'[[model]]\nid = "{name}"\nprovider = "{by}"\nupstream = "{upstream}"\n{rest}\n'


LIMITS = """[limits]
requests_per_minute = 100000000
tokens_per_minute = 1000000000000
[budget.default]
month = 1000000000.0
[[policy.allow]]
label = "internal"
zones = ["walls", "FR"]
"""


class Stage:
    """A folder with the kit's programs, one Bastide and its keys. Use as a context: what it started ends with it."""

    def __init__(self, kit: str, binary: str):
        self.kit, self.binary = os.path.abspath(kit), os.path.abspath(binary)
        self.folder = tempfile.mkdtemp(prefix="bench-gateway-")
        self.running = []

    def __enter__(self):
        for name, extra in (("mock", ["-pthread"]), ("load", [])):
            subprocess.run(["g++", "-O2", "-std=c++20", *extra, f"{self.kit}/{name}.cpp", "-o", f"{self.folder}/{name}"], check=True)
        with open(f"{self.kit}/load.cpp", encoding="utf-8") as file:
            personal = file.read().replace("assistant of the organisation.", "assistant of marie.dupont@example.org.")
        subprocess.run(["g++", "-O2", "-std=c++20", "-x", "c++", "-", "-o", f"{self.folder}/load-personal"], input=personal.encode(), check=True)
        shutil.copy(f"{self.kit}/nginx.conf", self.folder)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        prefer(os.getpid())
        return self

    def __exit__(self, *_):
        for process in self.running:
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, cores, **options):
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
        process = subprocess.Popen(["taskset", "-c", str(cores), *command], start_new_session=True, **options)
        prefer(process.pid)
        self.running.append(process)
        return process

    @staticmethod
    def end(process, how=signal.SIGTERM) -> None:
        if process.poll() is None:
            os.killpg(process.pid, how)
        process.wait(timeout=60)

    def mock(self):
        return self.start([f"{self.folder}/mock", "-p", str(MOCK)], 0)

    def nginx(self):
        return self.start(["nginx", "-p", self.folder, "-c", "nginx.conf"], 1)

    def common(self):
        return ["--data", f"{self.folder}/data", "--config", f"{self.folder}/bastide.toml"]

    def run(self, *command, **options) -> str:
        done = subprocess.run([self.binary, *command, *self.common()], check=True, capture_output=True, **options)
        return done.stdout.decode().strip()

    def configure(self, text: str) -> None:
        with open(f"{self.folder}/bastide.toml", "w", encoding="utf-8") as file:
            file.write(f'[server]\nlisten = "127.0.0.1:{BASTIDE}"\n' + text)
        shutil.rmtree(f"{self.folder}/data", ignore_errors=True)
        self.run("user", "add", "bench@example.org", "--role", "admin", "--password-stdin", input=b"correct horse battery 9\n")

    def key(self, guard: str = "off") -> str:
        return self.run("key", "create", "--user", "bench@example.org", "--name", guard, "--guard", guard)

    def serve(self, cores="1", *more, **options):
        process = self.start([self.binary, "serve", *more, *self.common()], cores, **options)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{BASTIDE}/readyz", timeout=1)
                return process
            except OSError:
                time.sleep(0.1)
        raise SystemExit("Bastide did not start.")

    def load(self, port, key, *arguments, process=None, driver="load") -> dict:
        """One window of a load driver; its line of JSON."""
        command = ["taskset", "-c", "0", f"{self.folder}/{driver}", "-u", f"http://127.0.0.1:{port}/v1/chat/completions",
                   "-H", f"Authorization: Bearer {key}", *map(str, arguments)]
        if process:
            command += ["-P", str(process.pid)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=True)
        return json.loads(done.stdout.strip().splitlines()[-1].replace("-nan", "0"))


def resident_kb(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def tell(figure: str, value, **more) -> None:
    print(json.dumps({"figure": figure, "value": value, **more}), flush=True)
