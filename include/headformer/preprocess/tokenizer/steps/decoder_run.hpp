#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/tokenizer/steps/byte_alphabet.hpp"
#include "headformer/preprocess/tokenizer/steps/decoders.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// A run of a decoder's steps over one sequence of texts. The steps must outlive it.
class DecoderRun {
 public:
  explicit DecoderRun(std::span<const Decoder> steps) : steps_(steps), states_(steps.size()), parts_(steps.size()) {}

  /// A whole token text. Appends to `result` what is decided.
  void push(std::string_view text, std::string& result) { put(0, text, true, result); }
  /// The end: the rest is decided.
  void finish(std::string& result) {
    for (std::size_t step = 0; step < steps_.size(); ++step)
      std::visit([&](const auto& s) { end(s, step, result); }, steps_[step]);
  }

 private:
  struct State {
    std::string held;          // what cannot be decided yet
    bool begun = false;        // inside a text, of which something went out
    bool first = true;         // no text has ended yet
    std::size_t stripped = 0;  // at the beginning of this text
    bool stripping = true;
  };

  /// A part of a text for a step; `last`: the text ends with it. After the last step it is the result.
  void put(std::size_t step, std::string_view part, bool last, std::string& result) {
    if (step == steps_.size()) {
      result += part;
      return;
    }
    std::visit([&](const auto& s) { take(s, step, part, last, result); }, steps_[step]);
  }

  /// The whole text when it is complete, else nothing: for steps that look at whole texts.
  bool whole(State& state, std::string_view& part, bool last, std::string& text) {
    if (!last) {
      state.held += part;
      return false;
    }
    if (!state.held.empty()) {
      state.held += part;
      text = std::exchange(state.held, {});
      part = text;
    }
    return true;
  }

  void take(const ByteLevelDecoder&, std::size_t step, std::string_view part, bool last, std::string& result) {
    State& state = states_[step];
    if (!last) {
      pending(step) += part;
      return;
    }
    std::string text = std::exchange(pending(step), {});
    text += part;
    if (!ByteAlphabet::get().append_bytes(state.held, text)) state.held += text;
    std::string decided;
    unicode::utf8_move_lossy(state.held, decided, false);
    if (!decided.empty()) put(step + 1, decided, false, result);
  }
  void end(const ByteLevelDecoder&, std::size_t step, std::string& result) {
    std::string decided;
    unicode::utf8_move_lossy(states_[step].held, decided, true);
    put(step + 1, decided, true, result);
  }

  void take(const ByteFallbackDecoder&, std::size_t step, std::string_view part, bool last, std::string& result) {
    std::string& text = pending(step);
    text += part;
    if (!last) return;
    const std::string token = std::exchange(text, {});
    const int byte = fallback_byte(token);
    if (byte >= 0) {
      states_[step].held += static_cast<char>(static_cast<unsigned char>(byte));
      return;
    }
    flush_bytes(step, result);
    put(step + 1, token, true, result);
  }
  void flush_bytes(std::size_t step, std::string& result) {
    const std::string bytes = std::exchange(states_[step].held, {});
    if (bytes.empty()) return;
    if (unicode::is_utf8(bytes)) return put(step + 1, bytes, true, result);
    for (std::size_t i = 0; i < bytes.size(); ++i) put(step + 1, unicode::replacement_character, true, result);
  }
  void end(const ByteFallbackDecoder&, std::size_t step, std::string& result) { flush_bytes(step, result); }

  void take(const FuseDecoder&, std::size_t step, std::string_view part, bool, std::string& result) {
    if (!part.empty()) put(step + 1, part, false, result);
  }
  void end(const FuseDecoder&, std::size_t step, std::string& result) { put(step + 1, {}, true, result); }

  void take(const MetaspaceDecoder& metaspace, std::size_t step, std::string_view part, bool last,
            std::string& result) {
    State& state = states_[step];
    std::string text;
    for (std::size_t i = 0; i < part.size();) {
      if (part.substr(i).starts_with(metaspace.replacement)) {
        if (!state.first || !metaspace.prefixed) text += ' ';
        i += metaspace.replacement.size();
      } else {
        text += part[i++];
      }
    }
    if (last) state.first = false;
    put(step + 1, text, last, result);
  }
  void end(const MetaspaceDecoder&, std::size_t, std::string&) {}

  void take(const StripDecoder& strip, std::size_t step, std::string_view part, bool last, std::string& result) {
    State& state = states_[step];
    while (state.stripping && !part.empty()) {
      if (state.stripped < strip.left && part.starts_with(strip.content)) {
        ++state.stripped;
        part.remove_prefix(strip.content.size());
      } else {
        state.stripping = false;
      }
    }
    // What may be stripped from the right end is held until something else follows.
    std::string text = std::exchange(state.held, {});
    text += part;
    std::size_t keep = text.size();
    std::size_t at_end = 0;
    while (at_end < strip.right && std::string_view(text).substr(0, keep).ends_with(strip.content)) {
      keep -= strip.content.size();
      ++at_end;
    }
    if (!last) state.held = text.substr(keep);
    text.resize(keep);
    if (last) {
      state.stripping = true;
      state.stripped = 0;
    }
    if (last || !text.empty()) put(step + 1, text, last, result);
  }
  void end(const StripDecoder&, std::size_t, std::string&) {}

  void take(const Replacement& replacement, std::size_t step, std::string_view part, bool last, std::string& result) {
    State& state = states_[step];
    if (!last && !replacement.literal.empty()) {
      // Parts of one text: all but what may be the beginning of a match is decided.
      std::string text = std::exchange(state.held, {});
      text += part;
      const std::size_t done = decided_prefix(replacement.literal, text);
      state.held = text.substr(done);
      text.resize(done);
      replacement.apply(text);
      if (!text.empty()) put(step + 1, text, false, result);
      return;
    }
    std::string text;
    if (!whole(state, part, last, text)) return;
    if (text.empty()) text = part;
    replacement.apply(text);
    put(step + 1, text, true, result);
  }
  void end(const Replacement&, std::size_t, std::string&) {}

  void take(const JoinDecoder&, std::size_t step, std::string_view part, bool last, std::string& result) {
    State& state = states_[step];
    if (!state.begun && !state.first) put(step + 1, " ", false, result);
    state.begun = !last;
    if (last) state.first = false;
    put(step + 1, part, last, result);
  }
  void end(const JoinDecoder&, std::size_t, std::string&) {}

  void take(const WordPieceDecoder& pieces, std::size_t step, std::string_view part, bool last, std::string& result) {
    State& state = states_[step];
    std::string text;
    if (!whole(state, part, last, text)) return;
    if (text.empty()) text = part;
    if (!std::exchange(state.first, false)) {
      if (text.starts_with(pieces.prefix)) {
        text.erase(0, pieces.prefix.size());
      } else {
        text.insert(0, 1, ' ');
      }
    }
    if (pieces.cleanup) clean_up(text);
    put(step + 1, text, true, result);
  }
  void end(const WordPieceDecoder&, std::size_t, std::string&) {}

  void take(const BpeDecoder& words, std::size_t step, std::string_view part, bool last, std::string& result) {
    // A text goes on when the next one shows that it was not the last.
    State& state = states_[step];
    std::string& text = pending(step);
    text += part;
    if (!last) return;
    if (!std::exchange(state.first, false)) {
      replace_all(state.held, words.suffix, " ");
      put(step + 1, state.held, true, result);
    }
    state.held = std::exchange(text, {});
  }
  void end(const BpeDecoder& words, std::size_t step, std::string& result) {
    State& state = states_[step];
    if (state.first) return;
    replace_all(state.held, words.suffix, "");
    put(step + 1, state.held, true, result);
  }

  void take(const CtcDecoder& ctc, std::size_t step, std::string_view part, bool last, std::string& result) {
    State& state = states_[step];
    std::string& text = pending(step);
    text += part;
    if (!last) return;
    const bool repeated = !state.first && text == state.held;
    state.first = false;
    state.held = std::exchange(text, {});
    if (repeated) return;
    std::string cleaned = state.held;
    replace_all(cleaned, ctc.pad_token, "");
    if (ctc.cleanup) {
      clean_up(cleaned);
      replace_all(cleaned, ctc.word_delimiter_token, " ");
    }
    if (!cleaned.empty()) put(step + 1, cleaned, true, result);
  }
  void end(const CtcDecoder&, std::size_t, std::string&) {}

  void take(const TrimDecoder&, std::size_t step, std::string_view part, bool, std::string& result) {
    // Held: white space that something may follow.
    State& state = states_[step];
    std::size_t done = 0;
    for (std::size_t i = 0; i < part.size();) {
      const std::size_t begin = i;
      const char32_t point = unicode::utf8_next(part, i);
      if (unicode::is_space(point) || (point >= 0x1C && point <= 0x1F)) continue;
      if (!std::exchange(state.begun, true)) {
        state.held.clear();
        done = begin;
      }
      put(step + 1, state.held.append(part, done, i - done), false, result);
      state.held.clear();
      done = i;
    }
    if (state.begun) state.held.append(part, done, std::string_view::npos);
  }
  void take(const TimestampDecoder&, std::size_t step, std::string_view part, bool, std::string& result) {
    // Held: what may be the beginning of one.
    std::string& held = states_[step].held;
    std::string decided;
    for (std::size_t i = 0; i < part.size();) {
      const std::size_t begin = i;
      const char32_t point = unicode::utf8_next(part, i);
      const std::string_view character = part.substr(begin, i - begin);
      const bool digit = point < 0x80 ? point >= '0' && point <= '9' : unicode::category(point) == "Nd";
      const bool point_seen = held.find('.') != std::string::npos;
      const bool fits = held.empty()       ? point == '<'
                        : held.size() == 1 ? point == '|'
                        : digit            ? held.back() != '|' || held.size() == 2
                        : point == '.'     ? !point_seen && held.size() > 2
                        : point == '|'     ? point_seen && held.back() != '.' && held.back() != '|'
                                           : point == '>' && held.back() == '|' && held.size() > 2;
      if (fits && point == '>') {
        held.clear();
      } else if (fits) {
        held += character;
      } else {
        decided += std::exchange(held, {});
        (point == '<' ? held : decided) += character;
      }
    }
    if (!decided.empty()) put(step + 1, decided, false, result);
  }
  void end(const TimestampDecoder&, std::size_t step, std::string& result) {
    put(step + 1, std::exchange(states_[step].held, {}), true, result);
  }
  void take(const SentencePieceDecoder& decoder, std::size_t step, std::string_view part, bool last,
            std::string& result) {
    using Kind = SentencePieceDecoder::Kind;
    const SentencePieceDecoder::Pieces& known = *decoder.pieces;
    std::string& piece = pending(step);
    piece += part;
    if (!last) return;
    const std::string text = std::exchange(piece, {});
    State& state = states_[step];
    const TokenId id = known.vocabulary.find(text);
    const Kind kind = id == Vocabulary::none ? Kind::unknown : known.kinds[static_cast<std::size_t>(id)];
    if (const int byte = fallback_byte(text); kind == Kind::byte && byte >= 0) {
      state.held += static_cast<char>(static_cast<unsigned char>(byte));
      return;
    }
    flush_characters(step, result);
    if (known.specials.contains(text)) {
      state.stripping = true;  // another text begins
      return put(step + 1, text + known.after_special, true, result);
    }
    std::string decided = id != Vocabulary::none && kind == Kind::unknown ? known.unknown_surface : text;
    if (kind == Kind::control) decided.clear();
    if (kind == Kind::text) {
      constexpr std::string_view mark = "\u2581";
      const bool opens = state.stripping && known.opens_with_mark && text.starts_with(mark);
      if (opens) decided.erase(0, mark.size());
      replace_all(decided, mark, " ");
      if (opens && !known.opens_with_marks) state.stripping = false;
    }
    if (!decided.empty()) state.stripping = false;
    put(step + 1, decided, true, result);
  }
  /// The characters of bytes, each byte that is none as U+FFFD.
  void flush_characters(std::size_t step, std::string& result) {
    const std::string bytes = std::exchange(states_[step].held, {});
    if (bytes.empty()) return;
    std::string text;
    for (std::size_t i = 0; i < bytes.size();) {
      const unicode::Utf8Prefix next = unicode::utf8_prefix(std::string_view(bytes).substr(i));
      const bool whole = next.kind == unicode::Utf8Prefix::Kind::complete;
      text += whole ? std::string_view(bytes).substr(i, next.size) : unicode::replacement_character;
      i += whole ? next.size : 1;
    }
    states_[step].stripping = false;
    put(step + 1, text, true, result);
  }
  void end(const SentencePieceDecoder&, std::size_t step, std::string& result) { flush_characters(step, result); }

  void end(const TrimDecoder&, std::size_t step, std::string& result) { put(step + 1, {}, true, result); }

  /// Where the longest beginning of `literal` that ends `text`, and is in no match before, starts.
  static std::size_t decided_prefix(std::string_view literal, std::string_view text) {
    std::size_t done = 0;
    for (std::size_t at = text.find(literal); at != std::string_view::npos; at = text.find(literal, done))
      done = at + literal.size();
    for (std::size_t begin = std::max(done, text.size() - std::min(text.size(), literal.size() - 1));
         begin < text.size(); ++begin)
      if (literal.starts_with(text.substr(begin))) return begin;
    return text.size();
  }

  /// The parts of a text that has not ended, for steps whose held bytes are something else.
  std::string& pending(std::size_t step) { return parts_[step]; }

  std::span<const Decoder> steps_;
  std::vector<State> states_;
  std::vector<std::string> parts_;
};

}  // namespace headformer::detail
