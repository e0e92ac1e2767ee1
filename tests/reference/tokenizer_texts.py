"""The texts of the tokenizer goldens: what the small tokenizers are trained on, and nasty ones to encode."""

import random

# Articles 1 and 3 of the Universal Declaration of Human Rights (public domain), and a little code.
SENTENCES = [
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and "
    "should act towards one another in a spirit of brotherhood. Everyone has the right to life, liberty and security.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Jeder hat das Recht auf Leben und Freiheit.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison.",
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos, dotados como están de razón.",
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "יולדו כל בני אדם בני חורין ושווים בערכם ובזכויותיהם.",
    "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "মানুষ জন্মগতভাবে স্বাধীন এবং সমান মর্যাদা ও অধিকারের অধিকারী।",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. İstanbul ısı.",
    "for (int i = 0; i < 10; ++i) {\n    total += values[i] * 2.5e-3;\n\tprintf(\"%d\\n\", total);\n}\n",
    "def square(x):\n    return x ** 2  # it's simple\n\n\nprint(square(12), 1999, 2024, 3.14159)\n",
    "I'm sure they've said we'll go, he'd agreed; it's John's. DON'T! You're right. 1,234,567.89",
]

NASTY = [
    "", " ", "  ", "   ", "    x", "x    ", "\t", "\t\t", "\t\t\t\t", "\n", "\n\n", "\n\n\n\n\n", "\r\n", "\r\n\r\n x", " \n ",
    " \t \n  \r ", "a b", "a  b", "a   b", " a", "  a", "a ", "a  ", "\u00a0", "a\u00a0b", "\u2003\u2003x", "\u3000人",
    "\u1680x", "\u180ex", "\u200bx", "x\u2028y\u2029z", "\x0b\x0cx", "\x85x", "\x1c\x1d\x1e\x1f", "\x00", "a\x00b",
    "\x01\x02\x7f", "\ufeffbom", "\ufffd", "\ufffe", "\U0010ffff", "\ue000", "\U000f0000",
    "hello", "Hello World", "HELLO", "hElLo WoRlD", "don't", "DON'T", "it's", "IT'S", "I'M", "we'Ll", "'s", "'S", "''s",
    "'ſ", "'tis", "o'clock", "’s it’s", "they'velled",
    "1", "12", "123", "1234", "12345", "123456", "1234567", "1 2 3", "3.14", "1,000,000", "٣٤٥", "१२३४", "½⅓", "²³¹", "Ⅷ",
    "①②", "1a2b3c", "x1", "2024-11-23T19:00:00Z", "0xDEADBEEF", "1e-10", "๑๒๓", "𝟏𝟐𝟑", "一二三",
    "!", "!!", "!!!", "...", "?!", "a!b", "(a)", "[b]", "{c}", "<d>", "a,b;c:d", "--", "---", "—", "«x»", "$5", "€5", "50%",
    "#tag", "@me", "a_b", "a-b", "a/b/c", "http://example.com/a?b=c&d=e#f", "me@example.com", "C:\\path\\file", "~!@#$%^&*()",
    "`code`", "\"quoted\"", "+=", "==", "!=\n", "//\n\n", ";;\r\n", "*/\n/",
    "é", "e\u0301", "e\u0301\u0301\u0301", "ñ", "n\u0303", "Å", "A\u030a", "\u212b", "ﬁ", "ﬃ", "ﬁne", "Ｈｅｌｌｏ", "ｶﾞ", "가", "가",
    "각", "힣", "ẛ̣", "a\u0316\u0301", "a\u0301\u0316", "\u0301", "\u0301a", " \u0301", "क़", "नमस्ते दुनिया", "ශ්‍රී", "ක්‍ෂ",
    "العربية", "عَرَبِيّ", "עִבְרִית", "ไทยแลนด์", "ລາວ", "မြန်မာ", "ខ្មែរ", "ქართული", "Հայերեն", "አማርኛ", "ᓄᓇᕗᑦ", "ᏣᎳᎩ",
    "日本語テキスト", "中文字符", "你好,世界!", "한국어 텍스트", "東京2020", "𠀀𠀁", "㐀㐁", "𪜀", "々〆〇", "ｱｲｳ", "カタカナ", "ひらがな",
    "😀", "😀😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇳🇴🇫🇷", "1️⃣", "☺️", "a😀b", " 😀 ", "🤷🏽‍♀️", "\u200d", "\ufe0f",
    "İstanbul", "ıI", "ß", "ẞ", "ΣΑΣ ς", "Ǆ ǅ ǆ", "ﬀ", "ŉ", "Ⱥ", "Ꭰꭰ", "ᲀ", "Ⓐⓐ", "🄰", "𝒜𝓑𝔠", "ªº", "ʰʲ", "‿⁀", "\u203f",
    "<s>", "</s>", "<s>x</s>", " <s> x </s> ", "<unk>", "<|endoftext|>", "a<|endoftext|>b", "<|im_start|>user\nhi<|im_end|>\n",
    "<|im_start", "im_end|>", "<|begin_of_text|><|start_header_id|>", "<|eot_id|>\n\n", "<bos>", "<eos> x", "<0x41>", "<0x0A>",
    "<0xZZ>", "▁", "▁▁", "▁▁▁▁", " ▁ ▁", "▁a", "a▁b", "<table> x <table>", "<start_of_turn>user\n", "<tool_call>{}",
    "<think>hm</think>", "<|end|> x", "<|end|>  \n x", "<|user|>\nhi <|end|>\n<|assistant|>\n", "</s>  x", "<s>  x", "<s>\u3000x",
    "<｜begin▁of▁sentence｜>hi<｜User｜>", "Ġ", "Ċ", "ĠĠa", "âĢĻ", "Ā", "[LEFT] a  [LEFT]b", "a [RIGHT]  b", "a  [BOTH]  b[BOTH]",
    "[BOTH][BOTH] [BOTH]", "[RIGHT] [LEFT]", "word words word", "sword word-word _word word", "Capital CAPITAL capital cApital",
    "abcab abd ab", "ﬁne fine FINE", "a größe x Größe, größer", "x  two three  two", "Zoë\u200dword word\u200d", "Ⓐword 1word ½word",
    "a\u0304word", "word\u203f", "The TALL Tree tX xX T_T", "QQQ ::;;.. Qa ao\nao\na", "Hello\nWorld\n", "a\nb\n\nc", "aé\u00e9",
    "The quick brown fox jumps over the lazy dog.", "Sphinx of black quartz, judge my vow!", "   indented\n      more\n\tand tab",
    "if (x) {\n\treturn y;\n}\n", "    def f(self):\n        pass\n", "SELECT * FROM t WHERE a='b';", "{\"key\": [1, 2, {\"a\": null}]}",
    "camelCaseWordsHere XMLHttpRequest snake_case_name", "a" * 33, "a" * 200, "ab" * 100, "the" * 70, " " * 40, " " * 129,
    "\n" * 33, "!" * 65, "é" * 50, "人" * 45, "9" * 50, "aaa bbb " * 20, "\u0301" * 40, "x" + "\u0301\u0316" * 30,
    "lengthyunbrokenwordwithoutanyspacesinsideitatall" * 6, "freedomandequality" * 5, "Würderechten" * 9,
]


def corpus():
    """The lines to train on."""
    return SENTENCES * 3


def texts():
    """NASTY, the sentences, and seeded random mixtures of characters of many kinds."""
    choose = random.Random(20241123)
    letters = ["a", "B", "z", " ", "  ", "\n", "\t", "1", "9", "'", "s", ".", ",", "-", "é", "ß", "ж", "א", "ع", "क", "ก", "人",
               "か", "한", "😀", "\u0301", "\u200d", "\u00a0", "\u3000", "▁", "<", ">", "|", "½", "Ⅷ", "_", "\r\n", "the", " and"]
    mixed = ["".join(choose.choice(letters) for _ in range(choose.randrange(2, 40))) for _ in range(60)]
    points = []
    while len(points) < 600:
        point = choose.choice([choose.randrange(0x20, 0x3000), choose.randrange(0x110000)])
        if not 0xD800 <= point < 0xE000:
            points.append(chr(point))
    wild = ["".join(points[i * 12:i * 12 + 12]) for i in range(50)]
    return NASTY + SENTENCES + mixed + wild
