"""Small cases of the template language, for chat_templates.py."""

VARIABLES = {
    "text": "Hello, Wörld",
    "blank": "  \t x y \n",
    "empty": "",
    "number": 42,
    "pi": 3.14159,
    "yes": True,
    "no": False,
    "nothing": None,
    "list": [3, 1, 2],
    "mixed": [1, 2.5, "a", None, True, [1, "b'c"], {"k": "v"}],
    "words": ["banana", "Apple", "cherry", "apple"],
    "dict": {"b": 1, "a": [1, 2], "items": "own", "C": None},
    "people": [
        {"name": "Ann", "age": 30, "city": {"name": "Oslo"}, "active": True},
        {"name": "bob", "age": 25, "city": {"name": "Rome"}, "active": False},
        {"name": "Cy", "age": 30, "city": {"name": "oslo"}},
    ],
    "tree": [{"n": 1, "kids": [{"n": 2, "kids": []}, {"n": 3, "kids": [{"n": 4, "kids": []}]}]}, {"n": 5, "kids": []}],
    "big": 12345678901234567890,
    "html": "<a href=\"x\">T & 'q'</a>",
    "lines": "one\ntwo\r\nthree\n\nfive\n",
    "unicode": "ﬁ ŉ ǆ İ ΑΣ ΑΣΑ straße Ⅷ ⓐ 𐐀",
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4
7 / 2
7 // 2
-7 // 2
-7 % 3
7 % -3
7.5 // 2
-7.5 % 2
2 ** 10
2 ** -1
2 ** 3 ** 2
-2 ** 2
2 ** 0.5
1e3
1e16
1e15
123456789.123
0.1 + 0.2
1e-5
0.0001
1_000_000
0xff
0b101
0o17
1.5e300 * 1e10
1e308 * 10
-0.0
5 / 5
10 ** 20
big
big + 1
"a" * 3
3 * "ab"
[1] * 3
"a" + "b"
[1] + [2, 3]
(1, 2) + (3,)
1 / 0
1 % 0
"a" + 1
1 + none
none + 1
undefined_name + 1
undefined_name
undefined_name.x
undefined_name["x"]
none.x
none["x"]
1.x
"a".x
dict.missing
dict.missing.deeper
dict["a"]
dict.a
dict["items"]
dict["b"] + 1
dict.items() | list
dict.keys() | list
dict.values() | list
dict.keys()
dict.items()
dict.values()
dict.get("b")
dict.get("zz")
dict.get("zz", "dflt")
dict.update
dict.pop("b")
dict.update({"x": 1})
dict | length
dict | list
dict.copy()
list.append(4)
list.append
list.index(1)
list.index(99)
list.count(1)
[1, 2, 2].count(2)
list
mixed
mixed | string
mixed[5]
mixed[-1]
mixed[10]
mixed[1:3]
mixed[::-1]
mixed[::2]
mixed[-2:]
mixed[:-5]
mixed[5:1:-2]
mixed[1:][0]
mixed[0:100]
list[true]
list["0"]
list[1.0]
list.0
text[0]
text[-1]
text[7:9]
text[::-1]
text[::2]
text[100]
text[20:]
text | length
text[1:4:0]
dict[1:2]
dict[[1]]
(1, 2, 3)
(1,)
()
(1, 2)[0]
[1, [2, (3, {"a": none})]]
{"a": 1, "b": [true, false], 3: "x", none: 1.0, (1, 2): "t"}
{1: "a", true: "b", 1.0: "c"}
{"a": 1}["a"]
{[1]: 2}
"it's"
"say \"it's\""
["it's"]
["say \"hi\""]
["both ' and \""]
["tab\tnl\n\r\\ \x00 \x7f é \u200b 😀 \u00ad"]
'a' 'b' "c"
"\u00e9\x41\101\n|\q"
true
True
false and 1
0 or "x"
"" or none
1 and 2
not 0
not ""
not [] and not {}
not undefined_name
1 == 1.0
1 == true
"1" == 1
[1, 2] == [1, 2]
[1, 2] == (1, 2)
{"a": 1, "b": 2} == {"b": 2, "a": 1}
undefined_name == other_undefined
none == undefined_name
1 < 2 < 3
1 < 3 < 2
1 < 2 > 1
"a" < "b"
"a" < 1
[1, 2] < [1, 3]
(1,) < (1, 2)
none < 1
1 != 2
not 1 == 2
"a" in "abc"
"z" not in "abc"
1 in [1, 2]
1 in "abc"
"a" in dict
"own" in dict
"x" in none
"x" in undefined_name
2 in range(3)
(1, 2) in [(1, 2)]
not 1 in [2]
1 if true
1 if false
1 if false else 2
1 if false else 2 if false else 3
(1 if false) is defined
"a" ~ 1 ~ none ~ true ~ 1.5 ~ [1]
"a" ~ undefined_name ~ "b"
1 ~ 2 + 3
1 + 2 ~ 3
"%s and %d, %.2f %5s|%-5s|%05d %x %r %%" % ("a", 42, 3.14159, "r", "l", 42, 255, "q'")
"%(a)s-%(b)03d" % {"a": 1, "b": 2}
"%s" % [1]
"%s %s" % ("a",)
"%s" % ("a", "b")
"%d" % "x"
"%d" % 3.99
"%e %g %G" % (12345.678, 0.00001, 1e20)
"%+d % d %#x %c" % (5, 5, 255, "z")
"%s" | format("x")
"%s-%s" | format(1, none)
"%(x)s" | format(x=3)
"{} {1} {0}".format(1, 2)
"{0} {1} {0}".format("a", "b")
"{} {}".format("a", 1.5)
"{name:>8}|{name:<8}|{name:^8}|{n:05d}|{n:,}|{f:.2f}|{f:e}|{f:8.3f}|{p:.1%}".format(name="ab", n=1234567, f=2.5, p=0.256)
"{!r} {!s}".format("a", "b")
"{a.b} {c[0]} {c[1]}".format(a={"b": 3}, c=[7, 8])
"{{}}".format()
"{:x} {:#o} {:b} {:X}".format(255, 8, 5, 171)
"{:*^9} {:+d} {: d}".format("mid", 3, 4)
"{:.3} {:>{w}}".format("abcdef", "x", w=4)
"{:.3g} {:g} {}".format(1234.5678, 100000.0, 1e22)
"{".format()
"{} {}".format(1)
"{z}".format(a=1)
"{a}".format_map({"a": 1})
blank.strip()
blank.lstrip() ~ "|"
blank.rstrip() ~ "|"
"xxhixx".strip("x")
"xyhiyx".lstrip("yx")
"xyhiyx".rstrip("yx")
"éàhié".strip("é")
"\u00a0\u3000x\u2003".strip() ~ "|"
"a b  c".split()
" a b  c ".split()
"a,b,,c".split(",")
"a,b,,c".split(",", 1)
"a,b,,c".rsplit(",", 1)
" a  b  c ".split(none, 1)
" a  b  c ".rsplit(none, 1)
"a b c".split(maxsplit=1)
"abc".split("")
"".split()
"".split(",")
"a<br>b<br>".split("<br>")
lines.splitlines()
lines.splitlines(true)
"a-b-c".replace("-", "+")
"a-b-c".replace("-", "+", 1)
"abc".replace("", "-")
"aaa".replace("a", "aa")
"abc".replace("b", "")
text.upper()
text.lower()
"hello wORLD it's".title()
"hELLO".capitalize()
"Hello".swapcase()
unicode.upper()
unicode.lower()
unicode.title()
unicode.capitalize()
unicode | upper
unicode | lower
unicode | title
"straße".casefold()
"hello".startswith("he")
"hello".startswith(("x", "he"))
"hello".startswith("l", 2)
"hello".endswith("lo")
"hello".endswith(("a", "b"))
"hello".startswith(1)
"hello".startswith("he", 1, 3)
"hello".find("l")
"hello".rfind("l")
"hello".find("z")
"héllo".find("l", 3)
"hello".index("z")
"hello".index("l")
"hello".count("l")
"hello".count("")
"-".join(["a", "b"])
"-".join([1])
"-".join("abc")
"a=b=c".partition("=")
"a=b=c".rpartition("=")
"abc".partition("=")
"prefix-x".removeprefix("prefix-")
"x.txt".removesuffix(".txt")
"7".zfill(3)
"-7".zfill(4)
"ab".center(7, "*")
"ab".center(6) ~ "|"
"abc".center(6, "*")
"ab".ljust(5, ".") ~ "ab".rjust(5)
"a\tb".expandtabs(4)
"abc".isalpha()
"ab1".isalpha()
"123".isdigit()
"²".isdigit()
"²".isdecimal()
"½".isnumeric()
"一".isnumeric()
"12a".isalnum()
" ".isspace()
"".isspace()
"abc".islower()
"ABC1".isupper()
"Abc".isupper()
"ascii".isascii()
"abc".upper().lower().title()
"abc".nomethod()
"abc".__class__
"abc"["upper"]()
3.0.is_integer()
number.real
text | upper
text | lower
text | capitalize
"hello-world foo(bar)[baz] it's" | title
text | replace("l", "L")
text | replace("l", "L", 1)
12321 | replace(2, "x")
blank | trim
"xxaxx" | trim("x")
42 | trim
none | trim
[1, 2] | upper
text | first
text | last
[] | first
[] | last
list | first
list | last
dict | first
dict | last
none | first
undefined_name | first
undefined_name | length
none | length
5 | length
list | length
range(5) | length
list | sort
list | sort(reverse=true)
words | sort
words | sort(case_sensitive=true)
people | sort(attribute="age") | map(attribute="name") | list
people | sort(attribute="city.name") | map(attribute="name") | list
people | sort(attribute="age,name", reverse=true) | map(attribute="name") | list
[1, "a"] | sort
words | unique | list
words | unique(case_sensitive=true) | list
[1, 1.0, true, 2] | unique | list
list | reverse | list
"abc" | reverse
words | join(", ")
mixed | join("|")
people | join("/", attribute="name")
[] | join
"abc" | join("-")
words | map("upper") | list
words | map("replace", "a", "@") | join(" ")
people | map(attribute="city.name") | join(",")
people | map(attribute="active", default="?") | join(",")
people | map(attribute="zz") | list
words | map("nofilter") | list
[[1, 2], [3]] | map("first") | list
[[1, 2], [3]] | map(attribute=0) | list
list | select("odd") | list
list | select("greaterthan", 1) | list
list | reject("equalto", 1) | list
mixed | select | list
mixed | select("string") | list
mixed | reject("none") | list
people | selectattr("active") | map(attribute="name") | list
people | selectattr("active", "defined") | map(attribute="name") | list
people | selectattr("age", "equalto", 30) | map(attribute="name") | list
people | rejectattr("age", "gt", 26) | map(attribute="name") | list
people | selectattr("city.name", "in", ["Oslo", "Rome"]) | map(attribute="name") | list
people | rejectattr("active", "undefined") | list | length
people | groupby("age") | map("first") | list
people | groupby("city.name") | map(attribute="grouper") | list
people | groupby("age") | map(attribute="list") | map("length") | list
people | sum(attribute="age")
[1, 2.5] | sum
[[1], [2]] | sum(start=[])
["a"] | sum
list | min
list | max
words | min
words | max(case_sensitive=true)
people | max(attribute="age")
[] | max
dict | dictsort
dict | dictsort(true)
{"a": 2, "b": 1} | dictsort(by="value")
{"a": 2, "b": 1} | dictsort(reverse=true)
dict | items | list
undefined_name | items | list
none | items | list
list | batch(2) | list
list | batch(2, 0) | list
range(7) | slice(3) | list
range(7) | slice(3, "-") | list
"abc" | list
dict | tojson
mixed | tojson
mixed | tojson(indent=2)
dict | tojson(indent=4, sort_keys=false)
{"b": 1, "a": {"d": [], "c": {}}} | tojson(indent=2, sort_keys=true)
{"a": [1, 2]} | tojson(separators=(",", ":"))
{"a": [1, 2]} | tojson(separators=(",", ":"), indent=1)
{"a": [1]} | tojson(indent=0)
{"a": [1]} | tojson(indent="\t")
text | tojson
text | tojson(ensure_ascii=true)
"😀\u007f\u0001 \" \\ / <&>'" | tojson
"😀\u007f\u0001" | tojson(ensure_ascii=true)
{1: 2, none: 3, true: 4, 1.5: 5} | tojson
{(1, 2): 3} | tojson
(1, 2) | tojson
undefined_name | tojson
range(3) | tojson
dict.items() | tojson
[1e100, 1.0, 1e-7, 1e999] | tojson
3 | tojson(true)
dict | tojson(nope=1)
nothing | default("d")
undefined_name | default("d")
undefined_name | default
empty | default("d", true)
nothing | default("d", true)
0 | d("z", boolean=true)
"42" | int
" 42 " | int
"42.7" | int
"x" | int
"x" | int(default=-1)
"ff" | int(0, 16)
"0x1f" | int(base=16)
"1_000" | int
42.9 | int
-42.9 | int
true | int
none | int
none | int(7)
[] | int
"1e3" | int
"3.5" | float
"abc" | float
"abc" | float(1.5)
"inf" | float
"nan" | float
"1_0.5" | float
3 | float
none | float
-5 | abs
-5.5 | abs
-1 | abs
"a" | abs
42.55 | round
42.55 | round(1)
42.45 | round(1)
2.5 | round
3.5 | round
2.675 | round(2)
42 | round
42 | round(-1)
45 | round(-1)
1234.5 | round(-2)
42.55 | round(1, "floor")
42.51 | round(1, "ceil")
42 | round(0, "ceil")
1 | round(1, "nope")
5 | string ~ "x"
none | string
"a\nb\n\nc" | indent
"a\nb\n\nc" | indent(2, true)
"a\nb\n\nc" | indent(2, blank=true)
"a\nb" | indent(width="> ", first=true)
"a\n" | indent ~ "|"
html | e
html | escape | e
html | safe
html | forceescape
html | striptags
(html | safe) ~ "<"
(html | safe) + "<"
"<" ~ (html | safe)
html | e | upper
["<"] | join("<" | safe)
("<b>" | safe).join(["<", ">"])
("%s" | safe) % "<"
("a" | safe) | tojson
["a" | safe]
"foo bar baz qux" | truncate(9)
"foo bar baz qux" | truncate(9, true)
"foo bar baz qux" | truncate(11)
"foo bar baz qux" | truncate(11, false, "...", 0)
"one two  three" | wordcount
"x" | center(5) ~ "|"
"a b&c/d é" | urlencode
{"a b": "c&d", "e": 1} | urlencode
dict | attr("b")
number is defined
undefined_name is defined
undefined_name is undefined
dict.zz is defined
dict.update is defined
none is none
nothing is not none
text is string
1 is string
1 is number
true is number
true is integer
1 is integer
1.0 is float
1 is float
dict is mapping
list is mapping
list is iterable
"a" is iterable
1 is iterable
none is iterable
undefined_name is iterable
list is sequence
dict is sequence
1 is sequence
range(3) is sequence
(list | map("string")) is sequence
(list | map("string")) is iterable
dict.items() is sequence
true is boolean
1 is boolean
true is true
1 is true
false is false
3 is odd
4 is even
-3 is odd
9 is divisibleby 3
9 is divisibleby(2)
9 is divisibleby 0
1 is eq 1
1 is equalto(1.0)
1 is ne 2
2 is gt 1
2 is greaterthan 3
2 is ge 2
1 is lt 2
1 is lessthan 2
1 is le 0
1 is in [1, 2]
"a" is in "abc"
"abc" is lower
"ABC" is upper
list is sameas list
none is sameas none
1 is sameas true
range is callable
dict.get is callable
text is callable
"upper" is filter
"nope" is filter
"odd" is test
html | e is escaped
not none is none
1 is not defined
none is not none or true
number is number and number is odd or true
text is defined and text is string
x is defined if true else 1
range(3)
range(1, 10, 3) | list
range(5, 0, -2) | list
range(3)[1]
range(3)[-1]
range(10)[2:4] | list
range(0) | list
range(1, 2, 0)
range(1000000)
range("a")
namespace(a=1).a
namespace(a=1)
namespace({"a": 1, "b": 2}).b
namespace(a=1).zz
namespace(_a=1)
strftime_now("%Y-%m-%d %H:%M:%S %j %A %-d %f%%")
raise_exception("Oh no: " ~ number)
raise_exception()
raise_exception(42)
joiner()() ~ joiner("|")()
cycler("a", "b").next()
cycler()
text()
number()
undefined_name()
undefined_name.method()
text.upper(1)
text | upper(1)
text | nosuchfilter
text is nosuchtest
(text | nosuchfilter) if false else "fine"
text | nosuchfilter if true else "fine"
[text, (1 if false else (2 | zz))]
-number
+number
-text
- -1
--1
not not 1
1 if 0 else 2 ~ 3
[1, 2,]
{"a": 1,}
(1 , )
[x for x in y]
{1, 2}
1 +
)
(1
"unclosed
1 2
a b
text.
text..x
text[
text |
text is
1 is odd is even
"a" if
..
@
a ? b
text[1:2, 3]
text[1, 2]
f(*list)
range(*[1, 4]) | list
range(**{"a": 1})
"{}{}".format(*[1, 2])
"{a}".format(**{"a": 5})
"{a}{a}".format(a=1, **{"a": 5})
text.replace(*["l", "L"])
1 and none or "x"
"a".upper() ~ "b" | upper
"a" ~ "b" | upper
-1 | abs
[1, 2] | first + 1
number | string | length
(number | string) | length
"a" in "abc" and "b" in "abc"
"a" in ["a"] == true
none | default(none)
list | map("int") | sum
list is not mapping
mixed | map("string") | map("length") | list
1.0
100.0
1e22
1.7976931348623157e308
5e-324
123456.789e3
0.1
1/3
100000000000000000.0
12345678912345678.0
[1.0, 1e20, -0.5]
true + true
true * 5
[true] == [1]
"é" < "z"
""" .strip("\n").split("\n")

STATEMENTS = [
    "{% for x in list %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for x in [] %}a{% else %}none{% endfor %}",
    "{% for x in list if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
    "{% for x in list if x > 9 %}x{% else %}no{% endfor %}",
    "{% for x in list %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}",
    "{% for x in list %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
    "{% for x in list %}{{ loop.previtem is defined }}{{ loop.nextitem is undefined }} {% endfor %}",
    "{% for x in [1, 1, 2, 2] %}{{ loop.changed(x) }} {% endfor %}",
    "{% for x in list %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in list %}{{ loop }} {{ loop['index'] }}{% endfor %}",
    "{% for k, v in dict.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in dict %}{{ k }};{% endfor %}",
    "{% for c in 'añb' %}[{{ c }}]{% endfor %}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}",
    "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}",
    "{% for a, b in [1] %}{{ a }}{% endfor %}",
    "{% for x in 5 %}{% endfor %}",
    "{% for x in none %}{% endfor %}",
    "{% for x in undefined_name %}a{% else %}b{% endfor %}",
    "{% for x in list %}{% for y in list %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}",
    "{% for item in tree recursive %}{{ item.n }}@{{ loop.depth }}{% if item.kids %}[{{ loop(item.kids) }}]{% endif %}{% endfor %}",
    "{% for x in list %}{{ loop(list) }}{% endfor %}",
    "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in list %}{% break %}{% else %}else{% endfor %}",
    "{% for x in list %}{% continue %}{% else %}else{% endfor %}",
    "{% for x in list %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% else %}else{% endfor %}",
    "{% break %}",
    "{% for x in list %}{% set y = x %}{% endfor %}{{ y }}",
    "{% set y = 0 %}{% for x in list %}{{ y }}{% set y = x %}{{ y }} {% endfor %}{{ y }}",
    "{% set ns = namespace(t=0) %}{% for x in list %}{% set ns.t = ns.t + x %}{% endfor %}{{ ns.t }}",
    "{% set ns = namespace() %}{% set ns.x = 1 %}{{ ns.x }}{{ ns['x'] }}{{ ns }}{{ ns.items }}",
    "{% set ns = namespace() %}{% set ns._x = 1 %}",
    "{% set ns = namespace(l=[]) %}{% for x in list %}{% set ns.l = ns.l + [x * 2] %}{% endfor %}{{ ns.l }}",
    "{% set d = {} %}{% set d.x = 1 %}",
    "{% set nope.x = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set a, b = (1, 2, 3) %}",
    "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a + ns.b }}",
    "{% set x %}a{{ number }}b{% endset %}[{{ x }}]{{ x | length }}",
    "{% set x | upper | replace('A', 'z') %}abc{% endset %}{{ x }}",
    "{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y }}",
    "{% set text = 'changed' %}{{ text }}",
    "{% if true %}{% set z = 5 %}{% endif %}{{ z }}",
    "{% if false %}{% set number = 5 %}{% endif %}{{ number }}",
    "{% if no %}a{% elif nothing %}b{% elif number == 42 %}c{% else %}d{% endif %}",
    "{% if no %}a{% elif nothing %}b{% else %}d{% endif %}",
    "{% if list %}y{% endif %}{% if empty %}n{% endif %}{% if 0.0 %}n{% endif %}{% if not {} %}y{% endif %}",
    "{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(c=9, a=8) }}|{{ m() }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}",
    "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}",
    "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}in{{ number }}{% endcall %}",
    "{% macro m(x) %}{% for i in x %}{{ caller(i, loop.index) }}{% endfor %}{% endmacro %}{% call(a, b=0) m(list) %}<{{ a }}:{{ b }}>{% endcall %}",
    "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}x{% endmacro %}{% call m() %}in{% endcall %}",
    "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro f() %}{{ later }}{% endmacro %}{% set later = 'set' %}{{ f() }}",
    "{% set q = 1 %}{% macro f() %}{% set q = 2 %}{{ q }}{% endmacro %}{{ f() }}{{ q }}",
    "{% for i in [1, 2] %}{% macro g() %}{{ i }}{% endmacro %}{{ g() }}{% endfor %}",
    "{% macro m(a, b='x') %}{% endmacro %}{{ m.name }} {{ m.arguments }} {{ m.catch_kwargs }} {{ m }}",
    "{% macro m(a=1, b) %}{% endmacro %}",
    "{% macro m(caller) %}{{ caller }}{% endmacro %}",
    "{% macro outer() %}{% macro inner() %}i{{ number }}{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}",
    "{% filter upper %}abc{{ text }}{% endfilter %}",
    "{% filter replace('a', 'b') | upper %}banana{% endfilter %}",
    "{% filter nosuch %}a{% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a }}",
    "{% set a = 5 %}{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}",
    "{% generation %}gen {{ text }}{% set g = 1 %}{% endgeneration %}{{ g }}",
    "{%- generation -%}  gen  {%- endgeneration -%}",
    "{% raw %}{{ not }} {% this %} {# nor #}{% endraw %}",
    "{%- raw -%}  {{ x }}  {%- endraw -%}  after",
    "a\n  {% raw %}\n  x\n  {% endraw %}\nb",
    "a{# comment {{ x }} #}b",
    "a {#- c -#} b",
    "a\n{# c #}\nb",
    "  {# c #}  \nb",
    "{% print number, text %}",
    "{% block b %}x{{ number }}{% endblock %}",
    "{% block b scoped %}x{% endblock b %}",
    "{% include 'x' %}",
    "{% if false %}{% include 'x' %}{% endif %}ok",
    "{% extends 'x' %}",
    "{% import 'x' as y %}",
    "  {% if true %}\n  a\n  {% endif %}\n  b",
    "  {%+ if true %}\n  a\n  {%+ endif %}\n  b",
    "  {% if true +%}\n  a\n  {% endif +%}\n  b",
    "  {%- if true -%}\n  a\n  {%- endif -%}\n  b",
    "  {{ number }}  \n  {{- number }}  \n  {{ number -}}  \n x",
    "a{{ number }}\n",
    "a\n\n",
    "\n",
    "",
    "   ",
    "x   {% if true %} y {% endif %}   z",
    "a\n \t {% set x = 1 %}\t\nb",
    "a {% set x = 1 %}\nb",
    "{% set x = 1 %}\n{% set y = 2 %}\n{{ x }}{{ y }}",
    "a\r\nb{% if true %}\r\nc{% endif %}\rd",
    "{{ '\r\n' }}|{{ 'a\nb' }}",
    "{{ [\n1,\n2\n] }}",
    "{{\n number \n}}",
    "{{ {'a': {'b': 1}} }}{{ {'a': {'b': 1}}['a']['b']}}",
    "{{ {} }}{{ {}}}",
    "{% if {'a': 1}.a %}y{% endif %}",
    "{{ '}}' }}{{ '%}' }}{{ \"{{\" }}",
    "a { b } c {a} %} }} #} {",
    "{ {% if true %}{{% endif %}",
    "{{ number }",
    "{{ number",
    "{% if true",
    "{% if true %}",
    "{% endif %}",
    "{% else %}",
    "{% for %}",
    "{% for x %}{% endfor %}",
    "{% for x in list %}",
    "{% for x in list %}{% endif %}",
    "{% for loop in list %}{% endfor %}",
    "{% for 1 in list %}{% endfor %}",
    "{% set 1 = 2 %}",
    "{% set x %}",
    "{% unknown %}",
    "{% %}",
    "{{ }}",
    "{# unclosed",
    "{% raw %} unclosed",
    "{% macro %}{% endmacro %}",
    "{% macro m %}{% endmacro %}",
    "{% call m %}{% endcall %}",
    "{% call text %}{% endcall %}",
    "{% if true %}{{ 'a' | nosuch }}{% endif %}",
    "{% if false %}{{ 'a' | nosuch }}{% endif %}ok",
    "{% if false %}{% for x in list %}{{ x | nosuch }}{% endfor %}{% endif %}ok",
    "{% if false %}{{ 'a' is nosuch }}{% endif %}ok",
    "{% for x in list %}{{ 'a' | nosuch }}{% endfor %}",
    "{% if x is defined and x is foo %}{% endif %}ok",
    "{% if true: %}colon{% endif %}",
    "{% for x in list: %}{{ x }}{% endfor %}",
    "{% for x in 1, 2 %}{{ x }}{% endfor %}",
    "{% for x, in [[1], [2]] %}{{ x }}{% endfor %}",
    "{{ 1, 2 }}",
    "{{ 1, }}",
    "{% set t = 1, %}{{ t }}",
    "{% set x = 1 if false else 2 %}{{ x }}",
    "{% set g = list | map('string') %}{{ g | list }}{{ g | list }}",
    "{% set g = list | map('string') %}{{ g | first }}{{ g | list }}",
    "{% set g = list | select %}{{ g | length }}",
    "{% set g = list | select %}{{ g | last }}",
    "{% set g = list | select %}{{ g[0] }}{{ g[0] is defined }}",
    "{% set g = list | reverse %}{{ g | list }}{{ g | list }}",
    "{% for x in list | reverse %}{{ loop.length }}{{ x }}{{ loop.last }}{% endfor %}",
    "{% for x in list | map('string') %}{{ loop.index }}{{ loop.revindex }}{% endfor %}",
    "{% set c = cycler('a', 'b', 'c') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}",
    "{% set j = joiner(', ') %}{% for x in list %}{{ j() }}{{ x }}{% endfor %}",
    "{% set d = namespace(x={}) %}{% set d.x = dict.copy() %}{{ d.x }}",
    "{{ namespace(a=1, **{'b': 2}).b }}",
    "{% for person in people | sort(attribute='name') %}{{ person.name }} {% endfor %}",
    "{% for age, group in people | groupby('age') %}{{ age }}:{{ group | map(attribute='name') | join(',') }};{% endfor %}",
    "{% for g in people | groupby('city.name') %}{{ g.grouper }}={{ g.list | length }};{% endfor %}",
    "{% for row in range(5) | batch(2, 'x') %}{{ row }}{% endfor %}",
    "{% set x = [1, 2] %}{% set y = x %}{% set x = x + [3] %}{{ x }}{{ y }}",
    "{{ (list | map('string') | list)[0] }}",
    "{% for m in people %}{% if m.active is defined and m.active %}{{ m['name'] }}{% elif 'active' not in m %}-{% endif %}{% endfor %}",
    "{% for i in range(3) %}{% for j in range(3) %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}",
    "{% for i in list %}{% if loop.first %}{% set s = '[' %}{% else %}{% set s = ',' %}{% endif %}{{ s }}{{ i }}{% endfor %}",
    "{% for i in list %}{% filter upper %}x{{ loop.index }}{% endfilter %}{% endfor %}",
    "{% for i in list %}{% set b %}{{ loop.index }}-{{ i }}{% endset %}{{ b }} {% endfor %}",
    "{% set loop = 5 %}{{ loop }}",
    "{{ loop }}",
    "{{ raise_exception('stop') if false else 'go' }}",
    "{% if number > 3 %}{{ raise_exception('Too large:\n' + number|string) }}{% endif %}",
    "{% macro m() %}{{ raise_exception('inside') }}{% endmacro %}{% for x in list %}{{ m() }}{% endfor %}",
    "{% autoescape false %}{{ '<' }}{% endautoescape %}",
    "{% do list.append(1) %}",
    "{% set x = 1 -%}   {{- x }}",
    "{%if true%}x{%endif%}",
    "{{'a'}}{{-'b'-}}{{+'c'}}",
    "{% if true %}a{% else %}b{% endif %}\n\n{% if true %}\nc\n{% endif %}\n",
    "{%- for a in list %}\n  {{ a }}\n{%- endfor %}\n",
    "\t{%- if true %}\n\tx{% endif -%}\n\ty",
    "{% for x in list -%}\n   {{ x }}\n{%- endfor %}",
    "line {% if true %}x{% endif %}\nline",
    "    {{ number }}\n    {% if true %}\n    y{% endif %}",
    "{% set x = '''a''' %}{{ x }}",
    "{{ '''a''' }}",
    # What random templates found (random_templates.py).
    "{{ dict[words[0:1]] }}",
    "{{ {'Hel': 1}[text[0:3]] }}",
    "{{ list[list[1:2][0]:] }}",
    "{% filter length %}abc{% endfilter %}",
    "{% filter map('upper') %}abc{% endfilter %}",
    "{% filter trim %} abc {% endfilter %}",
    "{% for x in list if 2.5 | map('length') %}{{ x }}{% endfor %}",
    "{% set g = 5 | select %}{{ g is defined }}{{ g | list }}",
    "{% if mixed | unique %}yes{% endif %}",
    "{{ mixed | unique | list }}",
    "{{ (list | batch('x')) is iterable }}",
    "{{ self }}{% if self %}yes{% endif %}",
    "{{ undefined_name | truncate(7) }}|{{ list | truncate(9) }}|{{ list | truncate(3, true, '', 0) }}",
    "{{ 5 | truncate }}",
    "{% generation %}{{ varargs }}{{ kwargs }}{{ caller is defined }}{% endgeneration %}",
    "{% macro m() %}{% call box2() %}{{ kwargs }}{% endcall %}{{ kwargs }}{% endmacro %}"
    "{% macro box2() %}{{ caller() }}{% endmacro %}{{ m(c=4) }}",
    "a{#",
    "a{#-",
    "a{# ",
    "a{% raw %}",
    "a{% raw %} ",
    "{{ list is filter }}",
    "{{ 5 is filter }}{{ none is test }}{{ 'upper' is filter }}",
    "{{ list | sort(reverse=undefined_name) }}",
    "{{ dict | dictsort(reverse=undefined_name) }}",
    "{% if false %}{% filter nosuch %}{% endfilter %}{% endif %}",
    "{% if false %}{% set x | nosuch %}{% endset %}{% endif %}",
    "{{ 'abc' % range(3) }}{{ 'abc' % [1] }}",
]
CASES = ["{{ " + expression + " }}" for expression in EXPRESSIONS] + STATEMENTS
