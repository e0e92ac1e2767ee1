"""Goldens of chat templates: tests/goldens/chat_templates.

Renders every template of that folder on every conversation with apply_chat_template of transformers 5.23.0 (Jinja
3.1.6), and small cases of the language in the environment that it compiles templates in. Run as

    python tests/reference/chat_templates.py

with those versions installed; writes conversations.json, rendered.json and cases.json.
"""

import datetime
import json
import pathlib

import jinja2
import tokenizers
import transformers
from transformers.utils import chat_template_utils

from chat_template_cases import CASES, VARIABLES

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "goldens" / "chat_templates"


class FrozenTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 7, 9, 5, 3)


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather <at> a place & time",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The city, e.g. \"São Paulo\""},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": "integer", "description": "How many", "default": 3},
                "items": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["city"],
        },
    },
}
SEARCH = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search",
        "parameters": {
            "type": "object",
            "properties": {
                "query": {"type": ["string", "null"], "description": "What to look for"},
                "filter": {
                    "type": "object",
                    "properties": {"min": {"type": "number", "default": 0.5}, "exact": {"type": "boolean"}},
                    "required": ["min"],
                },
                "where": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "number"}, "description": "ids"}]},
            },
            "required": [],
        },
        "return": {"type": "string"},
    },
}


def call(name, arguments, id="abcdefghi"):
    return {"type": "function", "id": id, "function": {"name": name, "arguments": arguments}}


SYSTEM = {"role": "system", "content": "You are terse.  "}
HELLO = {"role": "user", "content": "  Hello there!\n"}
CONVERSATIONS = {
    "one_user": {"messages": [{"role": "user", "content": "Hi"}]},
    "one_user_prompted": {"messages": [HELLO], "add_generation_prompt": True},
    "system_first": {
        "messages": [SYSTEM, HELLO, {"role": "assistant", "content": " Hi. "}, {"role": "user", "content": "Bye"}],
        "add_generation_prompt": True,
    },
    "long": {
        "messages": [HELLO, {"role": "assistant", "content": "A1"}, {"role": "user", "content": "Q2 {{ not }} {% a tag %}"},
                     {"role": "assistant", "content": "A2\n\nwith lines\n"}],
    },
    "bad_roles": {"messages": [HELLO, {"role": "user", "content": "again"}, {"role": "moderator", "content": "stop"}]},
    "tools": {
        "messages": [SYSTEM, {"role": "user", "content": "Weather in São Paulo?"}],
        "tools": [WEATHER, SEARCH],
        "add_generation_prompt": True,
    },
    "tool_calls": {
        "messages": [
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": None, "tool_calls": [call("get_weather", {"city": "東京", "days": 2})]},
            {"role": "tool", "content": "{\"temp\": 21.5}", "tool_call_id": "abcdefghi", "name": "get_weather"},
            {"role": "assistant", "content": "21.5 °C"},
            {"role": "user", "content": "Thanks & \"bye\""},
        ],
        "tools": [WEATHER],
    },
    "two_calls": {
        "messages": [
            {"role": "user", "content": "Both"},
            {"role": "assistant", "content": "Let me see.",
             "tool_calls": [call("get_weather", {"city": "Oslo"}), call("search", {"query": None, "filter": {"min": 1.0}}, "jklmnopqr")]},
            {"role": "tool", "content": "cold", "tool_call_id": "abcdefghi"},
            {"role": "tool", "content": "found", "tool_call_id": "jklmnopqr"},
        ],
        "tools": [WEATHER, SEARCH],
        "add_generation_prompt": True,
    },
    "reasoning": {
        "messages": [
            {"role": "user", "content": "1+1?"},
            {"role": "assistant", "content": "<think>\nold\n</think>\n\n2"},
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "4", "reasoning_content": "\nsimple sums\n"},
        ],
        "enable_thinking": False,
    },
    "documents": {
        "messages": [{"role": "user", "content": "Summarise"}],
        "documents": [
            {"title": "Zebras", "text": "Stripes.\nMany.", "year": 2020},
            {"title": "apples", "text": "Round\n\nand red", "rating": 4.5, "tags": ["a", "b"]},
        ],
        "controls": {"length": "long", "citations": True},
        "add_generation_prompt": True,
    },
    "content_parts": {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Look."}]},
            {"role": "user", "content": [{"type": "image", "url": "x.png"}, {"type": "text", "text": " What is this? "},
                                         {"type": "text", "text": "And that?"}]},
        ],
        "add_vision_id": True,
        "add_generation_prompt": True,
    },
    "options": {
        "messages": [{"role": "user", "content": "😀 \u200bzero\u00a0width ß"}, {"role": "assistant", "content": "", "thinking": "hm"}],
        "enable_thinking": False,
        "date_string": "1 Jan 2000",
        "builtin_tools": ["code_interpreter", "brave_search"],
        "reasoning_effort": "high",
        "bos_token": "<BOS>",
        "custom": [1, 2.5, True, None],
    },
    "continued": {
        "messages": [HELLO, {"role": "assistant", "content": "I think that "}],
        "continue_final_message": True,
    },
}


def outcome(render):
    try:
        return {"text": render()}
    except jinja2.exceptions.TemplateSyntaxError as error:
        return {"syntax": str(error)}
    except jinja2.exceptions.TemplateError as error:
        if type(error) is jinja2.exceptions.TemplateError:
            return {"raised": str(error)}
        return {"error": f"{type(error).__name__}: {error}"}
    except Exception as error:  # whatever Python raises inside a template
        return {"error": f"{type(error).__name__}: {error}"}


def write(name, value):
    (FOLDER / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main():
    chat_template_utils.datetime = FrozenTime
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizers.Tokenizer(tokenizers.models.WordLevel({"<s>": 0, "</s>": 1, "<unk>": 2}, "<unk>")),
        bos_token="<s>", eos_token="</s>", unk_token="<unk>",
    )
    write("conversations.json", {"special_tokens": tokenizer.special_tokens_map, "conversations": CONVERSATIONS})

    rendered = {}
    for path in sorted((FOLDER / "templates").glob("*.jinja")):
        # Not newline="": a template is text that Python reads with its newlines translated.
        source = path.read_text(encoding="utf-8")
        rendered[path.stem] = {
            name: outcome(lambda: tokenizer.apply_chat_template(
                variables["messages"], chat_template=source, tokenize=False,
                **{key: value for key, value in variables.items() if key != "messages"}))
            for name, variables in CONVERSATIONS.items()
        }
    write("rendered.json", rendered)

    # A tag that the parser meets does not change, so every case is compiled on its own, as templates are.
    cases = [dict(template=case, **outcome(lambda: chat_template_utils._cached_compile_jinja_template(case).render(**VARIABLES)))
             for case in CASES]
    write("cases.json", {"variables": VARIABLES, "cases": cases})
    assert not any(" at 0x" in case.get("text", "") for case in cases)  # addresses differ from run to run
    kinds = {}
    for result in [r for t in rendered.values() for r in t.values()]:
        kind = next(iter(result))
        kinds[kind] = kinds.get(kind, 0) + 1
    print(len(rendered), "templates,", len(CONVERSATIONS), "conversations,", kinds, "and", len(cases), "cases")


if __name__ == "__main__":
    main()
