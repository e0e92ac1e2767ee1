"""The windows of https://huggingface.co/docs/transformers/perplexity, as examples/perplexity.cpp documents them."""


def windows(count, context, stride):
    """(begin, end, first): ids [begin, end) are given, those from `first` on are predicted."""
    seen = 1
    for begin in range(0, count, stride):
        end = min(begin + context, count)
        yield begin, end, max(seen, begin + 1)
        seen = end
        if end == count:
            return
