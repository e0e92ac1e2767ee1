#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// Reads the fields of one message of protocol buffers (https://protobuf.dev/programming-guides/encoding/). The bytes
/// are a stranger's: every length is checked.
class ProtobufReader {
 public:
  struct Field {
    std::uint32_t number = 0;
    std::uint64_t integer = 0;  // of a varint, or a fixed number's bits
    std::string_view bytes;     // of a length-delimited field
  };

  /// `place` names the message in errors.
  ProtobufReader(std::string_view message, std::string place) : rest_(message), place_(std::move(place)) {}

  /// The next field; nothing at the end. Throws FormatError where the bytes are no message.
  HEADFORMER_COLD std::optional<Field> next() {
    if (rest_.empty()) return std::nullopt;
    const std::uint64_t key = varint();
    Field field;
    field.number = static_cast<std::uint32_t>(key >> 3);
    if (field.number == 0 || key >> 3 > 0x1FFFFFFF) fail("a field's number");
    switch (key & 7) {
      case 0:
        field.integer = varint();
        break;
      case 1:
        field.integer = fixed(8);
        break;
      case 2: {
        const std::uint64_t size = varint();
        if (size > rest_.size()) fail("a field of " + std::to_string(size) + " bytes");
        field.bytes = rest_.substr(0, static_cast<std::size_t>(size));
        rest_.remove_prefix(static_cast<std::size_t>(size));
        break;
      }
      case 5:
        field.integer = fixed(4);
        break;
      default:
        fail("a field of a known type");
    }
    return field;
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw FormatError(place_ + ": expected " + expected + " of a protocol buffer, found other bytes with " +
                      std::to_string(rest_.size()) + " left");
  }
  HEADFORMER_COLD std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail("a number");
  }
  HEADFORMER_COLD std::uint64_t fixed(std::size_t size) {
    if (rest_.size() < size) fail("a number of " + std::to_string(size) + " bytes");
    std::uint64_t value = 0;
    std::memcpy(&value, rest_.data(), size);
    rest_.remove_prefix(size);
    return value;
  }

  std::string_view rest_;
  std::string place_;
};

/// What a SentencePiece model file says, as far as encoding needs it (sentencepiece_model.proto, version 0.2). Views
/// into the file.
struct SentencePieceModel {
  enum Type : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  enum class Algorithm : std::uint8_t { unigram = 1, bpe = 2, word = 3, character = 4 };
  struct Piece {
    std::string_view text;
    float score = 0;
    Type type = normal;
  };

  std::vector<Piece> pieces;
  Algorithm algorithm = Algorithm::unigram;
  bool byte_fallback = false;
  std::int32_t unk_id = 0, bos_id = 1, eos_id = 2, pad_id = -1;
  std::string unk_piece = "<unk>", bos_piece = "<s>", eos_piece = "</s>";
  std::string_view charsmap;  // of the normaliser; empty for none
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  bool treat_whitespace_as_suffix = false;
  bool denormalizes = false;                   // decoded text goes through a character map of its own
  std::string unk_surface = " \xE2\x81\x87 ";  // what an unknown piece decodes to

  /// Throws FormatError, naming the file and the piece, when the bytes are no such model.
  HEADFORMER_COLD static SentencePieceModel parse(const Bytes& file) {
    SentencePieceModel model;
    ProtobufReader reader(file.text(), file.name());
    while (const auto field = reader.next()) {
      if (field->number == 1) model.read_piece(field->bytes, file.name());
      if (field->number == 2) model.read_trainer(field->bytes, file.name() + ": trainer_spec");
      if (field->number == 3) model.read_normalizer(field->bytes, file.name() + ": normalizer_spec");
      if (field->number == 5) model.read_denormalizer(field->bytes, file.name() + ": denormalizer_spec");
    }
    if (model.pieces.empty()) throw FormatError(file.name() + ": pieces: expected at least one, found none");
    if (model.algorithm != Algorithm::unigram && model.algorithm != Algorithm::bpe)
      throw FormatError(file.name() + ": trainer_spec.model_type: expected 1 (unigram) or 2 (BPE), found " +
                        std::to_string(static_cast<int>(model.algorithm)));
    return model;
  }

 private:
  HEADFORMER_COLD void read_piece(std::string_view message, const std::string& file) {
    const std::string place = file + ": pieces[" + std::to_string(pieces.size()) + "]";
    if (pieces.size() >= Vocabulary::limit)
      throw FormatError(file + ": pieces: expected at most " + std::to_string(Vocabulary::limit) + ", found more");
    Piece& piece = pieces.emplace_back();
    ProtobufReader reader(message, place);
    while (const auto field = reader.next()) {
      if (field->number == 1) piece.text = field->bytes;
      if (field->number == 2) {
        const auto bits = static_cast<std::uint32_t>(field->integer);
        std::memcpy(&piece.score, &bits, sizeof bits);
      }
      if (field->number == 3) piece.type = static_cast<Type>(field->integer & 0xFF);
    }
    if (!unicode::is_utf8(piece.text)) throw FormatError(place + ".piece: expected UTF-8, found " + quoted(piece.text));
    if (!(piece.score - piece.score == 0)) throw FormatError(place + ".score: expected a finite number, found another");
  }
  HEADFORMER_COLD void read_trainer(std::string_view message, const std::string& place) {
    ProtobufReader reader(message, place);
    while (const auto field = reader.next()) {
      const auto id = static_cast<std::int32_t>(static_cast<std::uint32_t>(field->integer));
      switch (field->number) {
        case 3:
          algorithm = static_cast<Algorithm>(field->integer & 0xFF);
          break;
        case 24:
          treat_whitespace_as_suffix = field->integer != 0;
          break;
        case 35:
          byte_fallback = field->integer != 0;
          break;
        case 40:
          unk_id = id;
          break;
        case 41:
          bos_id = id;
          break;
        case 42:
          eos_id = id;
          break;
        case 43:
          pad_id = id;
          break;
        case 44:
          unk_surface = field->bytes;
          break;
        case 45:
          unk_piece = field->bytes;
          break;
        case 46:
          bos_piece = field->bytes;
          break;
        case 47:
          eos_piece = field->bytes;
          break;
        default:
          break;
      }
    }
  }
  HEADFORMER_COLD void read_normalizer(std::string_view message, const std::string& place) {
    ProtobufReader reader(message, place);
    while (const auto field = reader.next()) {
      if (field->number == 2) charsmap = field->bytes;
      if (field->number == 3) add_dummy_prefix = field->integer != 0;
      if (field->number == 4) remove_extra_whitespaces = field->integer != 0;
      if (field->number == 5) escape_whitespaces = field->integer != 0;
    }
  }
  HEADFORMER_COLD void read_denormalizer(std::string_view message, const std::string& place) {
    ProtobufReader reader(message, place);
    while (const auto field = reader.next())
      denormalizes = denormalizes || (field->number == 2 && !field->bytes.empty());
  }
};

}  // namespace headformer::detail
