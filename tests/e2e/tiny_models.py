"""Models of a few kilobytes whose behaviour is known, written as GGUF (github.com/ggml-org/ggml, docs/gguf.md). Standard library only."""
import struct

U32, F32, BOOL, TEXT, LIST = 4, 6, 7, 8, 9
ALIGNMENT = 32


def _text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value):
    """A value with its type; lists are of one type, floats for scores and whole numbers (32 bit, signed) for kinds."""
    if isinstance(value, bool):
        return struct.pack("<I?", BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", U32, value)
    if isinstance(value, float):
        return struct.pack("<If", F32, value)
    if isinstance(value, str):
        return struct.pack("<I", TEXT) + _text(value)
    kind = {int: 5, float: F32, str: TEXT}[type(value[0])]
    items = b"".join(_text(v) for v in value) if kind == TEXT else struct.pack(f"<{len(value)}{'i' if kind == 5 else 'f'}", *value)
    return struct.pack("<IIQ", LIST, kind, len(value)) + items


def write_gguf(path, fields, tensors):
    """`tensors`: name to (shape from the fastest dimension, numbers)."""
    head, data = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(fields))], []
    head += [_text(key) + _value(value) for key, value in fields.items()]
    at = 0
    for name, (shape, numbers) in tensors.items():
        raw = struct.pack(f"<{len(numbers)}f", *numbers)
        head.append(_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, at))
        raw += b"\0" * (-len(raw) % ALIGNMENT)
        data.append(raw)
        at += len(raw)
    head = b"".join(head)
    with open(path, "wb") as file:
        file.write(head + b"\0" * (-len(head) % ALIGNMENT) + b"".join(data))


def identity(width):
    return ([width, width], [1.0 if row == column else 0.0 for row in range(width) for column in range(width)])


def fill(value, *shape):
    count = 1
    for size in shape:
        count *= size
    return (list(shape), [value] * count)


def write_reranker(path, context=64, width=16):
    """BERT with one layer, in which every token reads all others alike: it likes documents by their share of the word "good"."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁good", "▁bad", "▁word"]
    embedding = [0.0] * (len(tokens) * width)
    for token in range(len(tokens)):
        embedding[token * width + {4: 0, 5: 1}.get(token, 2)] = 1.0
    tensors = {"token_embd.weight": ([width, len(tokens)], embedding), "position_embd.weight": fill(0.0, width, context),
               "token_embd_norm.weight": fill(1.0, width), "token_embd_norm.bias": fill(0.0, width)}
    for name in ("attn_q", "attn_k", "ffn_up", "ffn_down"):
        tensors[f"blk.0.{name}.weight"] = fill(0.0, width, width)
    for name in ("blk.0.attn_v", "blk.0.attn_output", "cls"):
        tensors[f"{name}.weight"] = identity(width)
    for name in ("attn_output_norm", "layer_output_norm"):
        tensors[f"blk.0.{name}.weight"], tensors[f"blk.0.{name}.bias"] = fill(1.0, width), fill(0.0, width)
    tensors["cls.output.weight"] = ([width, 1], [2.0, -2.0] + [0.0] * (width - 2))
    write_gguf(path, {
        "general.architecture": "bert", "general.name": "tiny reranker", "bert.context_length": context, "bert.embedding_length": width,
        "bert.block_count": 1, "bert.feed_forward_length": width, "bert.attention.head_count": 1,
        "bert.attention.layer_norm_epsilon": 1e-5, "bert.attention.causal": False, "bert.pooling_type": 4,
        "tokenizer.ggml.model": "bert", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type_count": 1,
        "tokenizer.ggml.scores": [0.0] * len(tokens), "tokenizer.ggml.token_type": [3, 2, 3, 3, 1, 1, 1],
        "tokenizer.ggml.unknown_token_id": 1, "tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.cls_token_id": 2,
        "tokenizer.ggml.seperator_token_id": 3, "tokenizer.ggml.padding_token_id": 0}, tensors)


WIDTH = 320
LETTERS = "abcdefghijklmnopqrstuvwxyz"
GAP_MARKS = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]


def alphabet_tokens(fills_gaps):
    return ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + ["▁"] + list(LETTERS) + (GAP_MARKS if fills_gaps else [])


def write_alphabet(path, fills_gaps=True, context=512):
    """Llama with one layer that does nothing, so that a token depends on the one before alone: it goes on with the alphabet and ends
    after "z". A gap is filled with "xyz"."""
    tokens = alphabet_tokens(fills_gaps)
    number = {token: index for index, token in enumerate(tokens)}
    embedding, output = [0.0] * (len(tokens) * WIDTH), [0.0] * (len(tokens) * WIDTH)
    follows = dict(zip(LETTERS, list(LETTERS[1:]) + ["</s>"]), **{GAP_MARKS[2]: "x"})
    for token, index in number.items():
        embedding[index * WIDTH + index] = 1.0
        output[number[follows.get(token, "a")] * WIDTH + index] = 1.0
    tensors = {"token_embd.weight": ([WIDTH, len(tokens)], embedding), "output.weight": ([WIDTH, len(tokens)], output),
               "output_norm.weight": fill(1.0, WIDTH), "blk.0.attn_norm.weight": fill(1.0, WIDTH), "blk.0.ffn_norm.weight": fill(1.0, WIDTH)}
    for name, shape in {"attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH), "attn_output": (WIDTH, WIDTH),
                        "ffn_gate": (WIDTH, 32), "ffn_up": (WIDTH, 32), "ffn_down": (32, WIDTH)}.items():
        tensors[f"blk.0.{name}.weight"] = fill(0.0, *shape)
    write_gguf(path, {
        "general.architecture": "llama", "general.name": "tiny alphabet", "llama.context_length": context, "llama.embedding_length": WIDTH,
        "llama.block_count": 1, "llama.feed_forward_length": 32, "llama.attention.head_count": 10, "llama.rope.dimension_count": 32,
        "llama.attention.layer_norm_rms_epsilon": 1e-5, "llama.vocab_size": len(tokens),
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.scores": [0.0] * len(tokens),
        "tokenizer.ggml.token_type": [2, 3, 3] + [6] * 256 + [1] * 27 + [3] * (len(tokens) - 286),
        "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.add_space_prefix": False,
        "tokenizer.chat_template": "{% for message in messages %}{{ message.content }}{% endfor %}"}, tensors)


def write_adapter(path, letter, rank=1, fills_gaps=True):
    """LoRA for `write_alphabet`, with which it writes nothing but `letter`."""
    tokens = alphabet_tokens(fills_gaps)
    b = [0.0] * (rank * len(tokens))
    b[tokens.index(letter) * rank] = 10.0
    write_gguf(path, {"general.architecture": "llama", "general.type": "adapter", "general.name": f"only {letter}",
                      "adapter.type": "lora", "adapter.lora.alpha": float(rank)},
               {"output.weight.lora_a": fill(1.0, WIDTH, rank), "output.weight.lora_b": ([rank, len(tokens)], b)})


def write_eyes(path):
    """What lets `write_alphabet` see (a projector as LLaVA's, without a layer): a red, green or blue image is as the letter r, g or b."""
    patch, width, inner = 4, 8, 8
    pixels = patch * patch
    seen = [0.0] * (pixels * 3 * width)
    for channel in range(3):
        for pixel in range(pixels):
            seen[(channel * 3 + channel) * pixels + pixel] = 3.0 / pixels
    letters = [0.0] * (width * WIDTH)
    for channel, letter in enumerate("rgb"):
        letters[alphabet_tokens(True).index(letter) * width + channel] = 4.0
    tensors = {"v.patch_embd.weight": ([patch, patch, 3, width], seen), "v.position_embd.weight": fill(0.0, width, 4),
               "mm.0.weight": identity(width), "mm.0.bias": fill(0.0, width), "mm.2.weight": ([width, WIDTH], letters), "mm.2.bias": fill(0.0, WIDTH)}
    for name, shape in {"attn_q": (width, width), "attn_k": (width, width), "attn_v": (width, width), "attn_out": (width, width),
                        "ffn_up": (width, inner), "ffn_down": (inner, width)}.items():
        tensors[f"v.blk.0.{name}.weight"] = fill(0.0, *shape)
    for name in ("ln1", "ln2"):
        tensors[f"v.blk.0.{name}.weight"], tensors[f"v.blk.0.{name}.bias"] = fill(1.0, width), fill(0.0, width)
    write_gguf(path, {
        "general.architecture": "clip", "general.name": "tiny eyes", "clip.has_vision_encoder": True, "clip.projector_type": "mlp",
        "clip.use_gelu": True, "clip.vision.image_size": 2 * patch, "clip.vision.patch_size": patch, "clip.vision.embedding_length": width,
        "clip.vision.feed_forward_length": inner, "clip.vision.projection_dim": WIDTH, "clip.vision.block_count": 1,
        "clip.vision.attention.head_count": 1, "clip.vision.attention.layer_norm_epsilon": 1e-6,
        "clip.vision.image_mean": [0.5, 0.5, 0.5], "clip.vision.image_std": [0.5, 0.5, 0.5]}, tensors)
