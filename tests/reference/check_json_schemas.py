"""Texts of random JSON schemas against Python's jsonschema, with its FormatChecker: each that ended by itself is valid.

    python check_json_schemas.py GENERATE MODEL [--schemas 300] [--seed 0]

GENERATE is the example program, MODEL any checkpoint with a tokenizer: what it writes is drawn almost at random.
Environment: requirements-schemas.txt. Prints how many schemas were refused (by which message), cut or valid; ends with an
error at the first text that is not.
"""

import argparse
import collections
import json
import random
import subprocess
import sys
import tempfile

import jsonschema

PATTERNS = ["^[a-z]+$", "[0-9]{2}", "^(foo|bar)-\\d{1,3}$", "\\w+@\\w+", "^[^x]*$", "\\S\\s\\S", "^\\D{3}", "a|b$", "^\"\\\\$"]
FORMATS = ["date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri", "json-pointer"]


def number(rng):
    return rng.choice([rng.randint(-20, 200), rng.randint(-10**6, 10**6), round(rng.uniform(-5, 5), rng.randint(0, 4))])


def scalar(rng):
    return rng.choice([None, True, False, rng.randint(-5, 99), 1.5, "red", "é\n\"q\"", "", "日本"])


def bounds(rng, least, most, limit):
    result = {}
    low = rng.randint(0, limit)
    if rng.random() < 0.6:
        result[least] = low
    if rng.random() < 0.6:
        result[most] = low + rng.randint(0, limit)
    return result


def schema(rng, depth, refs):
    kind = rng.choice(["string", "integer", "number", "boolean", "null", "enum", "const", "any", "ref", "list"]
                      + (["object", "array", "object", "array", "anyOf", "oneOf", "allOf"] if depth > 0 else []))
    if kind == "string":
        extra = rng.choice(["length", "pattern", "format", "none"])
        return {"type": "string"} | {
            "length": lambda: bounds(rng, "minLength", "maxLength", 6), "pattern": lambda: {"pattern": rng.choice(PATTERNS)},
            "format": lambda: {"format": rng.choice(FORMATS)}, "none": dict}[extra]()
    if kind in ("integer", "number"):
        result = {"type": kind}
        if rng.random() < 0.5:
            result[rng.choice(["minimum", "exclusiveMinimum"])] = number(rng)
        if rng.random() < 0.5:
            result[rng.choice(["maximum", "exclusiveMaximum"])] = number(rng)
        if kind == "integer" and rng.random() < 0.3:
            result["multipleOf"] = rng.randint(1, 12)
        return result
    if kind in ("boolean", "null"):
        return {"type": kind, "description": "annotated"}
    if kind == "enum":
        return {"enum": [scalar(rng) for _ in range(rng.randint(1, 5))]}
    if kind == "const":
        return {"const": rng.choice([scalar(rng), [1, {"a": "b"}], {"k": [None]}])}
    if kind == "any":
        return rng.choice([True, {}])
    if kind == "ref":
        return {"$ref": rng.choice(refs)}
    if kind == "list":
        return {"type": rng.sample(["string", "integer", "null", "boolean", "array", "object"], 2)}
    if kind == "array":
        result = {"type": "array"} | bounds(rng, "minItems", "maxItems", 3)
        if rng.random() < 0.7:
            result["items"] = rng.choice([schema(rng, depth - 1, refs), False]) if rng.random() < 0.2 else schema(rng, depth - 1, refs)
        if rng.random() < 0.3:
            result["prefixItems"] = [schema(rng, depth - 1, refs) for _ in range(rng.randint(1, 3))]
        return result
    if kind == "object":
        names = rng.sample(["a", "ab", "b", "naïve", "with \"quote\"", "x y", "z"], rng.randint(0, 4))
        result = {"type": "object", "properties": {name: schema(rng, depth - 1, refs) for name in names}}
        result["required"] = [name for name in names + ["other"] if rng.random() < 0.4]
        if rng.random() < 0.5:
            result["additionalProperties"] = rng.choice([True, False, schema(rng, depth - 1, refs)])
        if rng.random() < 0.2:
            result["maxProperties"] = rng.randint(1, 6)
        if rng.random() < 0.2:
            result["minProperties"] = rng.randint(0, 2)
        if not names and rng.random() < 0.4:
            result = {"type": "object", "patternProperties": {"^x_[a-z]{1,4}$": schema(rng, depth - 1, refs)}}
        return result
    if kind == "allOf":
        return {"allOf": [schema(rng, depth - 1, refs), schema(rng, depth - 1, refs)]}
    return {kind: [schema(rng, depth - 1, refs) for _ in range(rng.randint(1, 3))]}


def whole(rng):
    refs = ["#/$defs/one", "#/$defs/two", "#"]
    result = schema(rng, 3, refs)
    if not isinstance(result, dict):
        return result
    return result | {"$defs": {"one": schema(rng, 2, refs), "two": schema(rng, 1, refs)}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generate")
    parser.add_argument("model")
    parser.add_argument("--schemas", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    counts = collections.Counter()
    for i in range(options.schemas):
        rng = random.Random(options.seed * 1000003 + i)
        given = whole(rng)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(given, file)
            file.flush()
            for draw in range(3):
                command = [options.generate, options.model, "--quiet", "--json-schema", file.name, "--set", "do_sample=true",
                           "--set", "top_k=0", "--set", f"temperature={[1, 2, 4][draw]}", "--seed", str(draw),
                           "--max-new-tokens", "300"]
                result = subprocess.run(command, capture_output=True, timeout=120)
                if result.returncode != 0:
                    message = result.stderr.decode().strip()
                    if "expected" not in message or file.name not in message:
                        sys.exit(f"schema {i}: {json.dumps(given)}\n{message}")
                    counts["refused: " + message.split("expected ")[1].split(", found")[0][:60]] += 1
                    break
                try:
                    text = result.stdout.decode()
                    value = json.loads(text)
                except (json.JSONDecodeError, UnicodeDecodeError):
                    ids = json.loads(subprocess.run(command + ["--output-ids"], capture_output=True, check=True).stdout)
                    if len(ids) < 300:
                        sys.exit(f"schema {i}: {json.dumps(given)}\nended, and is no JSON: {text}")
                    counts["cut"] += 1
                    continue
                try:
                    jsonschema.validate(value, given, cls=jsonschema.Draft202012Validator, format_checker=checker)
                except jsonschema.ValidationError as error:
                    sys.exit(f"schema {i}, draw {draw}: {json.dumps(given)}\n{text}\n{error.message}")
                counts["valid"] += 1
    for name, count in counts.most_common():
        print(count, name)


if __name__ == "__main__":
    main()
