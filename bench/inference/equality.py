"""Greedy answers of both sides, position by position: the same tokens, and how far their log-probabilities are apart."""
from servers import Reference, prose, user

TOP = 20  # where many tokens are about as likely, another order of sums takes one that is far down the other's list
# Answers that share a long beginning sum in another order, and what is rounded to eight bits in each layer makes more of it.
# Of the tokens within reach of being chosen (RELEVANT of the likeliest) no log-probability may be further from llama-server's.
# llama-server with Flash Attention is 0.86 away from itself without, on 16 of these prompts.
TOLERANCE, RELEVANT, EXACT = 0.75, 3.0, 0.001


def greedy_prompts(count, system=None):
    openings = ["Explain", "List three facts about", "Write a sentence on", "Why do people like", "Translate into French:", "Give a name for",
                "Compare winter and", "What is", "Tell a short story of", "How would you describe"]
    topics = ["rivers", "the moon", "a library", "bread", "old trains", "bees", "a town hall", "mathematics", "the sea", "gardens",
              "voting", "paper", "clouds", "a bridge", "honey", "glass", "letters", "maps", "music", "salt"]
    return [user(f"{openings[i % 10]} {topics[(i // 10) % 20]}." + (" " + prose(i % 90, i) if i % 3 == 0 else ""), system) for i in range(count)]


def alone(server, prompts, tokens, **fields):
    return [server.ask(prompt, tokens, logprobs=True, top_logprobs=TOP, **fields) for prompt in prompts]


def again(server, prompts, tokens):
    """Each twice, the second time from the cache: the last token of a known prompt is computed alone."""
    return [alone(server, [prompt, prompt], tokens)[1] for prompt in prompts]


def together(server, prompts, tokens, count=8, **fields):
    return [answer for at in range(0, len(prompts), count)
            for answer in server.wave(prompts[at:at + count], tokens, logprobs=True, top_logprobs=TOP, **fields)[0]]


def forget(server):
    """Fills all slots with other things: what comes next is not found in them."""
    together(server, [user(f"{i} " + prose(9, i)) for i in range(16)], 1, 16)


def whole_letters(choices):
    """Without the pieces of letters, which each side writes in its own way: as they are, or joined under what the last one had."""
    def is_joined(choice):
        return any("\ufffd" in top["token"] and top["logprob"] == choice["logprob"] for top in choice["top_logprobs"])

    return [choice for choice in choices if "\ufffd" not in choice["token"] and not is_joined(choice)]


def compare(mine, reference):
    """Whether all tokens are the same, and the widest gap of log-probabilities up to where the first differ (included)."""
    if mine.error or reference.error:
        raise RuntimeError(mine.error or reference.error)
    if not mine.choices or not reference.choices:
        raise RuntimeError("an answer came without log-probabilities")
    widest, positions = 0.0, 0
    ours, whole = whole_letters(mine.choices), whole_letters(reference.choices)
    for a, b in zip(ours, whole):
        # By their bytes: pieces of letters all have the same text.
        likely, theirs = ({bytes(each["bytes"]): each["logprob"] for each in choice["top_logprobs"]} for choice in (a, b))
        chosen, right = bytes(a["bytes"]), bytes(b["bytes"])
        best = max(theirs.values())
        gaps = [abs(likely[token] - theirs[token]) for token in likely.keys() & theirs.keys()
                if max(likely[token], theirs[token]) > best - RELEVANT]
        if not gaps or chosen not in theirs:
            return False, 99.0, positions  # not even among the likeliest
        widest, positions = max([widest, *gaps]), positions + 1
        if chosen != right:
            return False, max(widest, (theirs[right] - theirs[chosen]) / 2), positions
    return len(ours) == len(whole), widest, positions


def report(figure, name, answers, wanted, tolerance):
    """True when all of it is within the tolerance."""
    outcomes = [compare(mine, reference) for mine, reference in zip(answers, wanted)]
    widest = max(gap for _, gap, _ in outcomes)
    figure(f"greedy answers and llama-server's one at a time: {name}", equal=sum(same for same, _, _ in outcomes), of=len(outcomes),
           positions=sum(count for _, _, count in outcomes), widest_logprob_gap=widest, tolerance=tolerance)
    return widest <= tolerance


def equality(ours, model, context, threads, count, tokens, figure):
    """Alone nothing may differ; computed together only what the order of sums makes of it, by TOLERANCE. Says whether that holds."""
    prompts = greedy_prompts(count)
    shared = greedy_prompts(count, "You are the assistant of the town hall. " + prose(400, 5))
    with Reference(model, 1, context, threads, ("--no-cache-prompt",)) as theirs:
        wanted = alone(theirs, prompts, tokens, cache_prompt=False)
    with Reference(model, 1, context, threads) as theirs:
        wanted_again, wanted_shared = again(theirs, prompts, tokens), alone(theirs, shared, tokens)
    with Reference(model, 8, context, threads) as theirs:
        reference_together = together(theirs, prompts, tokens)
    forget(ours)
    at_once = together(ours, prompts, tokens)
    forget(ours)
    holds = [report(figure, "alone", alone(ours, prompts, tokens), wanted, EXACT),
             report(figure, "alone, from the cache", again(ours, prompts, tokens), wanted_again, EXACT),
             report(figure, "eight at once", at_once, wanted, TOLERANCE),
             report(figure, "eight at once, one beginning", together(ours, shared, tokens), wanted_shared, TOLERANCE)]
    report(figure, "llama-server's own, eight at once", reference_together, wanted, TOLERANCE)
    return all(holds)
