"""Random Jinja templates, mostly meaningful: every statement, operator, filter, test and method of the language."""

import random

from chat_template_cases import CASES, VARIABLES

# Not wordwrap, pprint, urlize, xmlattr, filesizeformat and random, which no chat template uses and we do not have.
FILTERS = """upper lower title capitalize trim length count first last list sort reverse string int float abs join unique
tojson items dictsort sum min max safe escape e wordcount round batch(2) slice(2) join(",") replace("a","b") default("d")
default("d",true) d(1) indent(2) indent(width=1,first=true) truncate(7) truncate(5,true,"..",0) map("upper") map("length")
select select("string") reject("none") selectattr("active") selectattr("age","gt",26) rejectattr("name","equalto","bob")
map(attribute="name") groupby("age") sort(attribute="age",reverse=true) tojson(indent=2) tojson(separators=(",",":"))
tojson(sort_keys=true) tojson(ensure_ascii=true) center(9) format(1) striptags urlencode
attr("name") forceescape unique(case_sensitive=true) sort(case_sensitive=true) max(attribute="age")
sum(attribute="age") sum(start=1) map("default","x") batch(2,"-") slice(2,0) round(1,"floor") int(7,16) dictsort(by="value")
select("defined") nofilter""".split()
TESTS = """defined undefined none string number mapping sequence iterable boolean true false integer float odd even
callable upper lower in(list) eq(1) ne(1) gt(1) ge(1) lt(1) le(1) equalto("a") divisibleby(2) sameas(none) filter test
escaped notest""".split()
METHODS = """upper() lower() strip() lstrip("H") rstrip() split() split("l") split(",",1) rsplit("l",1) splitlines() title()
capitalize() startswith("He") endswith("d") find("l") rfind("o") replace("l","L") replace("l","",1) count("l") join(words)
join("ab") isdigit() isalpha() isspace() isupper() islower() isalnum() zfill(15) center(20,"*") ljust(15,".") rjust(15)
partition("l") rpartition("l") removeprefix("He") removesuffix("d") swapcase() casefold() items() keys() values() get("a")
get("zz",3) copy() index(1) count(1) append(1) pop() format(1,2) isnumeric() isdecimal() index("l") nothing()
insert(0,9) reverse() remove(1) extend([1]) sort() update({"q":1}) setdefault("k",2) expandtabs(2) is_integer()""".split()
BINARY = "+ - * / // % ** ~ == != < <= > >= and or in".split() + ["not in", "is", "is not"]
NAMES = [*VARIABLES, "missing", "loop", "ns", "x", "y", "messages", "bos_token", "self", "caller", "varargs", "kwargs"]
LITERALS = ["1", "0", "-1", "2.5", "1e3", "'a'", '"it\'s"', "''", "' x\\n'", "true", "false", "none", "True", "None", "[]",
            "{}", "()", "[1, 2]", "(1,)", '{"a": 1}', '"%s-%d" % ("a", 1)', "range(3)", 'dict(a=1)', '"é😀"', "0x1f", "1_0"]
TEXTS = [" ", "\n", "  \n", "a", "b\n", "\n\n", "\t", "text ", "é", "{", "}", "%", "#", "{ {", "\r\n", " x\n "]


class RandomTemplates:
    """The same templates for the same seed. What the reference does while it compiles is left out: a slice of a constant
    that has no slices is sometimes undefined and sometimes an error, and a macro does not see a variable of the caller's
    that the template sets further down."""

    VARIABLES = VARIABLES

    def __init__(self, seed):
        self.random = random.Random(seed)
        # Pieces of the written cases, to be taken apart and put together anew.
        self.cases = [case for case in CASES if len(case) < 120]

    def template(self):
        if self.random.random() < 0.1:
            return self.mutated(self.random.choice(self.cases))
        return "".join(self.statement(3) for _ in range(self.random.randrange(1, 5)))

    def mutated(self, source):
        """Damaged: a piece left out, doubled, or taken from another case."""
        for _ in range(self.random.randrange(1, 4)):
            a = self.random.randrange(len(source) + 1)
            b = min(len(source), a + self.random.randrange(6))
            other = self.random.choice(self.cases)
            c = self.random.randrange(len(other) + 1)
            source = self.random.choice([source[:a] + source[b:], source[:b] + source[a:],
                                         source[:a] + other[c:c + 8] + source[b:]])
        return source

    def pick(self, *values):
        return self.random.choice(values)

    def text(self):
        return "".join(self.random.choice(TEXTS) for _ in range(self.random.randrange(3)))

    def tag(self, inside):
        return "{%" + self.pick("", "", "-", "+") + " " + inside + " " + self.pick("", "", "-", "+") + "%}"

    def statement(self, depth):
        e = self.expression
        body = lambda: "".join(self.statement(depth - 1) for _ in range(self.random.randrange(1, 3)))
        kinds = ["text", "output", "set", "comment"]
        if depth > 0:
            kinds += ["output", "if", "for", "for", "set_block", "macro", "call", "filter", "raw", "with", "namespace",
                      "generation", "loop_control"]
        kind = self.random.choice(kinds)
        tag = self.tag
        if kind == "text":
            return self.text()
        if kind == "output":
            return "{{" + self.pick("", "", "-", "+") + " " + e(depth) + " " + self.pick("", "", "-") + "}}" + self.text()
        if kind == "comment":
            return "{#" + self.pick("", "-") + self.text().replace("#", "") + self.pick("", "-") + "#}"
        if kind == "set":
            return tag(self.pick("set x, y = words[1:3]", f"set {self.pick('x', 'y', 'ns.a')} = {e(depth)}"))
        if kind == "if":
            middle = tag(f"elif {e(depth - 1)}") + body() if self.pick(0, 1) else ""
            last = tag("else") + body() if self.pick(0, 1) else ""
            return tag(f"if {e(depth)}") + body() + middle + last + tag("endif")
        if kind == "for":
            target, source = self.pick(("x", "list"), ("x", "words"), ("x", "people"), ("x, y", "dict.items()"), ("x", "mixed"),
                                       ("x", "tree recursive"), ("x", "range(3)"), ("x", "text"), ("x", "dict"))
            condition = f" if {e(depth - 1)}" if self.pick(0, 0, 1) and "recursive" not in source else ""
            inside = body()
            if "recursive" in source:
                inside += "{{ x.n }}[{{ loop(x.kids) }}]{{ loop.depth }}"
            inside += self.pick("", "{{ loop.index }}", "{{ loop.last }}", "{{ loop.cycle('a', 'b') }}", "{{ loop.previtem }}",
                                "{{ loop.nextitem is defined }}", "{{ loop.changed(x) }}", "{{ loop.revindex0 }}{{ loop.length }}")
            last = tag("else") + body() if self.pick(0, 0, 1) else ""
            return tag(f"for {target} in {source}{condition}") + inside + last + tag("endfor")
        if kind == "set_block":
            with_filter = self.pick("", " | upper", " | trim | length")
            return tag(f"set x{with_filter}") + body() + tag("endset") + "{{ x }}"
        if kind == "macro":
            name = self.pick("m", "x")
            parameters = self.pick("", "a", "a, b=2", "a=x, b=[]")
            call = self.pick(f"{name}()", f"{name}(1)", f"{name}(1, b=3)", f"{name}(1, 2, 3, c=4)", f"{name}.name")
            inside = self.pick("", "{{ a }}", "{{ b }}", "{{ varargs }}{{ kwargs }}", "{{ caller is defined }}")
            return tag(f"macro {name}({parameters})") + body() + inside + tag("endmacro") + "{{ " + call + " }}"
        if kind == "call":
            return (tag("macro box(t='d')") + "<{{ t }}|{{ caller(1) }}>" + tag("endmacro") +
                    tag(self.pick("call(v) box()", "call(v) box('k')", "call box()", "call(v, w=2) box()")) + body() +
                    "{{ v }}" + tag("endcall"))
        if kind == "filter":
            return tag(f"filter {self.random.choice(FILTERS)}") + body() + tag("endfilter")
        if kind == "raw":
            return tag("raw") + "{{ x }}" + self.text() + "{% if %}" + tag("endraw")
        if kind == "with":
            return tag(f"with {self.pick('x', 'q')} = {e(depth - 1)}") + body() + tag("endwith")
        if kind == "namespace":
            return (tag(f"set ns = namespace({self.pick('', 'a=1', 'a=[], b=none')})") + body() +
                    tag(f"set ns.a = {e(depth - 1)}") + "{{ ns.a }}")
        if kind == "generation":
            return tag("generation") + body() + tag("endgeneration")
        return tag("for x in list") + body() + tag(f"if {e(depth - 1)}") + tag(self.pick("break", "continue")) + tag(
            "endif") + "." + tag("endfor")

    def expression(self, depth):
        if depth <= 0 or self.random.random() < 0.25:
            return self.random.choice(self.pick(NAMES, LITERALS))
        e = lambda: self.expression(depth - 1)
        kind = self.random.randrange(13)
        if kind == 0:
            operator = self.random.choice(BINARY)
            if operator.startswith("is"):
                return f"{e()} {operator} {self.random.choice(TESTS)}"
            if operator == "**":
                return f"{self.pick('2', 'number', '-3', '2.0')} ** {self.pick('2', '-1', '3', '10')}"
            if operator == "*":
                return f"{e()} * {self.pick('2', '0', '3', 'true', '1.5', e())}"
            return f"{e()} {operator} {e()}"
        if kind in (1, 2):
            return f"{e()} | {self.random.choice(FILTERS)}"
        if kind in (3, 4):
            return f"{self.pick('text', 'words', 'list', 'dict', 'mixed', 'blank', e())}.{self.random.choice(METHODS)}"
        if kind == 5:
            return f"{self.pick('', 'not ', '-', '+')}({e()})"
        if kind == 6:
            return f"{e()} if {e()}" + self.pick("", f" else {e()}")
        if kind == 7:
            a, b, c = (self.pick("", "0", "1", "-1", "2", "-5", "9") for _ in range(3))
            return f"{self.pick('text', 'list', 'mixed', 'words', 'dict', 'number')}[{a}:{b}{self.pick('', ':' + c)}]"
        if kind == 8:
            return f"{self.pick('dict', 'people', 'mixed', 'list', 'text', e())}[{self.pick('0', '-1', chr(39) + 'a' + chr(39), e())}]"
        if kind == 9:
            return f"{self.pick('people[0]', 'dict', 'tree[0]', 'x', 'loop', e())}.{self.pick('name', 'a', 'items', 'n', 'index', 'kids')}"
        if kind == 10:
            return self.pick(f"[{e()}, {e()}]", f"({e()}, {e()})", f"{{'k': {e()}, {self.pick('1', 'none', chr(39) + 'z' + chr(39))}: {e()}}}")
        if kind == 11:
            return f"{e()} is {self.pick('', 'not ')}{self.random.choice(TESTS)}"
        return f"{e()} ~ {e()}"
