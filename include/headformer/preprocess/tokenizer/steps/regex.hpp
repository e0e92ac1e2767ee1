#pragma once

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/tokenizer/steps/regex_syntax.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// A half-open range of bytes.
struct TextSpan {
  std::size_t begin, end;
};

/// What matching writes to; one for each thread that matches, for any number of patterns.
class RegexScratch {
 public:
  RegexScratch()
      : match_(pcre2_match_data_create_8(1, nullptr), pcre2_match_data_free_8),
        context_(pcre2_match_context_create_8(nullptr), pcre2_match_context_free_8),
        stack_(nullptr, pcre2_jit_stack_free_8) {
    if (!match_ || !context_) throw std::bad_alloc();
    pcre2_set_match_limit_8(context_.get(), 20'000'000);
    pcre2_set_depth_limit_8(context_.get(), 100'000);
    pcre2_set_heap_limit_8(context_.get(), 64 * 1024);  // kibibytes
  }

  /// Makes the stack of compiled patterns larger than the 32 KiB that they find on the thread's own; false when it was.
  bool grow_stack() {
    if (stack_) return false;
    stack_.reset(pcre2_jit_stack_create_8(64 * 1024, 8 * 1024 * 1024, nullptr));
    if (!stack_) throw std::bad_alloc();
    pcre2_jit_stack_assign_8(context_.get(), nullptr, stack_.get());
    return true;
  }

  pcre2_match_data_8* match() const { return match_.get(); }
  pcre2_match_context_8* context() const { return context_.get(); }

 private:
  std::unique_ptr<pcre2_match_data_8, decltype(&pcre2_match_data_free_8)> match_;
  std::unique_ptr<pcre2_match_context_8, decltype(&pcre2_match_context_free_8)> context_;
  std::unique_ptr<pcre2_jit_stack_8, decltype(&pcre2_jit_stack_free_8)> stack_;
};

/// A compiled pattern of the reference's syntax (RegexTranslator). Immutable; copies share it.
class Regex {
 public:
  /// Throws FormatError, without the name of a file, when the pattern cannot be translated or compiled.
  explicit Regex(std::string_view pattern) : pattern_(pattern) {
    if (pattern.size() > longest_pattern)
      throw FormatError("regular expression: expected at most " + std::to_string(longest_pattern) + " bytes, found " +
                        std::to_string(pattern.size()));
    compile(RegexTranslator(pattern).run());
  }
  /// A pattern that matches just this text.
  static Regex literal(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
      if (std::string_view("\\^$.[]|()?*+{}-&~#").find(c) != std::string_view::npos) escaped += '\\';
      escaped += c;
    }
    return Regex(escaped);
  }

  const std::string& pattern() const { return pattern_; }

  /// Calls body(TextSpan) for the matches in valid UTF-8, from left to right, as Oniguruma's scan yields them: none
  /// empty where the one before it ended. Throws ArgumentError when a match takes too many steps.
  template <class Body>
  void each_match(std::string_view text, RegexScratch& scratch, Body body) const {
    std::size_t at = 0;
    std::optional<std::size_t> last_end;
    while (at <= text.size()) {
      const std::optional<TextSpan> found = find(text, at, scratch);
      if (!found) return;
      if (found->begin == found->end && last_end == found->end) {
        if (at >= text.size()) return;
        at += unicode::utf8_size(text[at]);
        continue;
      }
      body(*found);
      at = found->end;
      last_end = found->end;
    }
  }

 private:
  static constexpr std::size_t longest_pattern = 64 * 1024;

  void compile(const std::string& translated) {
    const std::unique_ptr<pcre2_compile_context_8, decltype(&pcre2_compile_context_free_8)> context(
        pcre2_compile_context_create_8(nullptr), pcre2_compile_context_free_8);
    if (!context) throw std::bad_alloc();
    pcre2_set_newline_8(context.get(), PCRE2_NEWLINE_LF);
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code_8* compiled =
        pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(translated.data()), translated.size(),
                        PCRE2_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code, &offset, context.get());
    if (compiled == nullptr) fail_compile(code);
    code_ = std::shared_ptr<pcre2_code_8>(compiled, pcre2_code_free_8);
    pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE);  // without it matching is only slower
  }

  [[noreturn]] void fail_compile(int code) const {
    PCRE2_UCHAR8 message[256];
    pcre2_get_error_message_8(code, message, sizeof message);
    throw FormatError("regular expression " + detail::quoted(pattern_) +
                      ": expected a valid pattern, found: " + reinterpret_cast<const char*>(message));
  }

  std::optional<TextSpan> find(std::string_view text, std::size_t from, RegexScratch& scratch) const {
    const char* data = text.data() == nullptr ? "" : text.data();
    const auto match = [&] {
      return pcre2_match_8(code_.get(), reinterpret_cast<PCRE2_SPTR8>(data), text.size(), from, PCRE2_NO_UTF_CHECK,
                           scratch.match(), scratch.context());
    };
    int count = match();
    if (count == PCRE2_ERROR_JIT_STACKLIMIT && scratch.grow_stack()) count = match();
    if (count == PCRE2_ERROR_NOMATCH) return std::nullopt;
    if (count < 0) {
      throw ArgumentError("regular expression " + detail::quoted(pattern_) +
                          ": expected text that it matches within its limits, found one that takes more at byte " +
                          std::to_string(from) + " (PCRE2 error " + std::to_string(count) + ")");
    }
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer_8(scratch.match());
    return TextSpan{ends[0], ends[1] < ends[0] ? ends[0] : ends[1]};
  }

  std::string pattern_;
  std::shared_ptr<pcre2_code_8> code_;
};

}  // namespace headformer::detail
