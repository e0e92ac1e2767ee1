// Prints what the installed utf8proc has for each code point, a line each: combining class, lower case, canonical and
// compatible decomposition. For unicode_class_tables.py.
#include <utf8proc.h>

#include <cstdio>

namespace {

void print_decomposition(const char* label, int point, int options) {
  utf8proc_int32_t parts[64];
  int boundary = 0;
  const auto count = utf8proc_decompose_char(point, parts, 64, static_cast<utf8proc_option_t>(options), &boundary);
  std::printf(" %s", label);
  for (int i = 0; i < count; ++i) std::printf("%s%x", i > 0 ? "," : "", static_cast<unsigned>(parts[i]));
}

}  // namespace

int main() {
  std::printf("# utf8proc %s, Unicode %s\n", utf8proc_version(), utf8proc_unicode_version());
  for (int point = 0; point < 0x110000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::printf("%x %d l%x", static_cast<unsigned>(point), utf8proc_get_property(point)->combining_class,
                static_cast<unsigned>(utf8proc_tolower(point)));
    print_decomposition("d", point, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    print_decomposition("k", point, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    std::printf("\n");
  }
}
