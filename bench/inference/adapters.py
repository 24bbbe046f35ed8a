"""LoRA adapters of small random numbers for any GGUF model. Standard library only."""
import random
import struct

from tests.e2e.tiny_models import write_gguf

FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def read_head(path):
    """The architecture, and the shape of each tensor."""
    with open(path, "rb") as file:
        def number(form, size):
            return struct.unpack("<" + form, file.read(size))[0]

        def text():
            return file.read(number("Q", 8)).decode()

        def value(kind):
            if kind == 8:
                return text()
            if kind == 9:
                inner, count = number("I", 4), number("Q", 8)
                if inner in FIXED:
                    file.seek(FIXED[inner] * count, 1)
                else:
                    for _ in range(count):
                        value(inner)
                return None
            file.seek(FIXED[kind], 1)
            return None

        assert file.read(4) == b"GGUF"
        file.seek(4, 1)
        tensors, fields = number("Q", 8), number("Q", 8)
        known = {}
        for _ in range(fields):
            key = text()
            known[key] = value(number("I", 4))
        shapes = {}
        for _ in range(tensors):
            name = text()
            shapes[name] = [number("Q", 8) for _ in range(number("I", 4))]
            file.seek(12, 1)
    return known["general.architecture"], shapes


def write_random(path, architecture, shapes, rank, seed):
    """On the queries and values of all layers."""
    pick = random.Random(seed)
    noise = [pick.uniform(-0.02, 0.02) for _ in range(1 << 12)]
    tensors = {}
    for name, (inner, outer) in ((n, s) for n, s in shapes.items() if n.endswith(("attn_q.weight", "attn_v.weight"))):
        for part, shape in (("a", [inner, rank]), ("b", [rank, outer])):
            count = shape[0] * shape[1]
            tensors[f"{name}.lora_{part}"] = (shape, (noise * (count // len(noise) + 1))[:count])
    write_gguf(path, {"general.architecture": architecture, "general.type": "adapter", "general.name": f"random {seed}",
                      "adapter.type": "lora", "adapter.lora.alpha": float(rank)}, tensors)
