#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/byte_reader.hpp"
#include "headformer/formats/pytorch/pickle_value.hpp"
#include "headformer/formats/pytorch/rebuild.hpp"

namespace headformer::detail {

/// Reads the pickle of a PyTorch checkpoint: the opcodes that torch.save writes (protocols 2 to 4), tensors, storages,
/// ordered dicts, numbers and text. Any other global is an error that names it; nothing is executed. Memory grows with
/// the pickle's length.
class Unpickler {
 public:
  /// `name` stands for the pickle in messages. Text in the graph is a view of `file`. Throws FormatError.
  HEADFORMER_COLD static PickleGraph read(const Bytes& file, const std::string& name) {
    Unpickler unpickler(file, name);
    unpickler.run();
    return std::move(unpickler.graph_);
  }

 private:
  Unpickler(const Bytes& file, const std::string& name)
      : name_(name), reader_(file), rebuild_(graph_, name, file.size()) {}

  using Kind = PickleNode::Kind;

  void run() {
    while (true) {
      const auto opcode = reader_.read<std::uint8_t>("a pickle's opcode");
      if (opcode == '.') {
        graph_.root = pop();
        return;
      }
      step(opcode);
    }
  }

  /// By https://github.com/python/cpython/blob/main/Lib/pickletools.py
  void step(std::uint8_t opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (const auto protocol = reader_.read<std::uint8_t>("the protocol"); protocol < 2 || protocol > 5)
          fail("expected protocol 2 to 5, found " + std::to_string(protocol));
        return;
      case 0x95:  // FRAME
        reader_.skip(8, "a frame's length");
        return;
      case '(':
        return push(PickleMark{});
      case 'N':
        return push(PickleNone{});
      case 0x88:
        return push(true);
      case 0x89:
        return push(false);
      case 'K':
        return push(std::int64_t{reader_.read<std::uint8_t>("an integer")});
      case 'M':
        return push(std::int64_t{reader_.read<std::uint16_t>("an integer")});
      case 'J':
        return push(std::int64_t{reader_.read<std::int32_t>("an integer")});
      case 0x8a:
        return push(long_integer());
      case 'G':
        return push(big_endian_double());
      case 'X':
        return push(text(reader_.read<std::uint32_t>("a text's length")));
      case 0x8c:
        return push(text(reader_.read<std::uint8_t>("a text's length")));
      case 0x8d:
        return push(text(reader_.read<std::uint64_t>("a text's length")));
      case 'U':  // bytes of Python 2
        return push(text(reader_.read<std::uint8_t>("a text's length")));
      case ']':
        return push(make(Kind::list));
      case '}':
        return push(make(Kind::dict));
      case ')':
        return push(make(Kind::tuple));
      case 0x85:
      case 0x86:
      case 0x87:
        return push_tuple(stack_size_less(static_cast<std::size_t>(opcode - 0x84)));
      case 't': {
        const std::size_t begin = mark();
        push_tuple(begin + 1);
        const PickleValue tuple = pop();
        stack_.back() = tuple;  // in the mark's place
        return;
      }
      case 'a': {
        const PickleValue item = pop();
        return list_below()->items.push_back(item);
      }
      case 'e':
        return append_items();
      case 's': {
        const PickleValue value = pop();
        const PickleValue key = pop();
        dict_below()->entries.emplace_back(key, value);
        return;
      }
      case 'u':
        return set_items();
      case 'c': {
        const std::string_view module = line();
        return push(named(module, line()));
      }
      case 0x93: {
        const PickleValue name = pop();
        const PickleValue module = pop();
        return push(named(expect_text(module), expect_text(name)));
      }
      case 'q':
        return remember(reader_.read<std::uint8_t>("a memo's number"));
      case 'r':
        return remember(reader_.read<std::uint32_t>("a memo's number"));
      case 0x94:
        return remember(memo_.size());
      case 'h':
        return push(recall(reader_.read<std::uint8_t>("a memo's number")));
      case 'j':
        return push(recall(reader_.read<std::uint32_t>("a memo's number")));
      case 'Q':
        return push(rebuild_.storage(pop()));
      case 'R': {
        const PickleValue arguments = pop();
        return push(rebuild_.call(pop(), arguments));
      }
      case 'b':  // attributes, such as a state dict's _metadata: nothing we need
        static_cast<void>(pop());
        return;
      case '0':
        static_cast<void>(pop());
        return;
      default:
        fail("expected an opcode of a checkpoint, found " + std::to_string(opcode) + " at offset " +
             std::to_string(reader_.offset() - 1));
    }
  }

  [[noreturn]] HEADFORMER_COLD void fail(const std::string& message) const {
    throw FormatError(name_ + ": pickle: " + message);
  }

  void push(PickleValue value) { stack_.push_back(value); }
  PickleValue pop() {
    if (stack_.empty() || std::holds_alternative<PickleMark>(stack_.back())) fail("expected a value, found none");
    const PickleValue value = stack_.back();
    stack_.pop_back();
    return value;
  }
  PickleReference make(Kind kind) {
    graph_.nodes.emplace_back().kind = kind;
    return {&graph_.nodes.back()};
  }
  /// Where the last mark stands.
  std::size_t mark() const {
    for (std::size_t i = stack_.size(); i > 0; --i)
      if (std::holds_alternative<PickleMark>(stack_[i - 1])) return i - 1;
    fail("expected a mark, found none");
  }
  std::size_t stack_size_less(std::size_t count) const {
    if (stack_.size() < count) fail("expected " + std::to_string(count) + " values, found fewer");
    for (std::size_t i = stack_.size() - count; i < stack_.size(); ++i)
      if (std::holds_alternative<PickleMark>(stack_[i])) fail("expected a value, found none");
    return stack_.size() - count;
  }
  /// The values from `begin` on become one tuple.
  void push_tuple(std::size_t begin) {
    const PickleReference tuple = make(Kind::tuple);
    tuple.node->items.assign(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin);
    push(tuple);
  }
  PickleNode* list_below() const {
    PickleNode* list = stack_.empty() ? nullptr : node_of(stack_.back(), Kind::list);
    if (list == nullptr) fail("expected a list to append to");
    return list;
  }
  PickleNode* dict_below() const {
    PickleNode* dict = stack_.empty() ? nullptr : node_of(stack_.back(), Kind::dict);
    if (dict == nullptr) fail("expected a dict to set an item of");
    return dict;
  }
  void append_items() {
    const std::size_t begin = mark();
    const std::vector<PickleValue> items(stack_.begin() + static_cast<std::ptrdiff_t>(begin) + 1, stack_.end());
    stack_.resize(begin);
    PickleNode* list = list_below();
    list->items.insert(list->items.end(), items.begin(), items.end());
  }
  void set_items() {
    const std::size_t begin = mark();
    const std::vector<PickleValue> items(stack_.begin() + static_cast<std::ptrdiff_t>(begin) + 1, stack_.end());
    stack_.resize(begin);
    PickleNode* dict = dict_below();
    if (items.size() % 2 != 0) fail("expected keys and values in pairs");
    for (std::size_t i = 0; i < items.size(); i += 2) dict->entries.emplace_back(items[i], items[i + 1]);
  }

  std::string_view text(std::uint64_t length) {
    const auto* const begin = reinterpret_cast<const char*>(reader_.skip(length, "a text"));
    return {begin, static_cast<std::size_t>(length)};
  }
  /// Up to a newline, which is skipped.
  std::string_view line() {
    const auto* const begin = reinterpret_cast<const char*>(reader_.skip(0, "a name"));
    const void* const end = std::memchr(begin, '\n', reader_.remaining());
    if (end == nullptr) fail("expected a name and a newline, found none before the end");
    const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - begin);
    reader_.skip(length + 1, "a name");
    return {begin, length};
  }
  std::int64_t long_integer() {
    const auto length = reader_.read<std::uint8_t>("an integer's length");
    if (length > 8) fail("expected an integer of at most 8 bytes, found " + std::to_string(length));
    const std::byte* const bytes = reader_.skip(length, "an integer");
    std::uint64_t value = 0;
    for (unsigned i = 0; i < length; ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    if (length > 0 && length < 8 && (value >> (8 * length - 1)) != 0) value |= ~std::uint64_t{0} << (8 * length);
    return static_cast<std::int64_t>(value);
  }
  double big_endian_double() {
    const auto bits = __builtin_bswap64(reader_.read<std::uint64_t>("a number"));
    return std::bit_cast<double>(bits);
  }
  std::string_view expect_text(const PickleValue& value) const {
    const auto* found = std::get_if<std::string_view>(&value);
    if (found == nullptr) fail("expected a text");
    return *found;
  }

  PickleName named(std::string_view module, std::string_view name) const {
    if (const PickleName* known = find_pickle_global(module, name)) return *known;
    fail("expected tensors, storages and ordered dicts, found the global " +
         quoted(std::string(module) + "." + std::string(name), 80) + ", which is not executed");
  }

  /// Numbers come in order, as every pickler writes them, so that a few bytes cannot ask for a large table.
  void remember(std::size_t number) {
    if (stack_.empty() || std::holds_alternative<PickleMark>(stack_.back())) fail("expected a value to remember");
    if (number > memo_.size())
      fail("expected memo number " + std::to_string(memo_.size()) + ", found " + std::to_string(number));
    if (number == memo_.size()) {
      memo_.push_back(stack_.back());
    } else {
      memo_[number] = stack_.back();
    }
  }
  PickleValue recall(std::size_t number) const {
    if (number >= memo_.size())
      fail("expected a memo number below " + std::to_string(memo_.size()) + ", found " + std::to_string(number));
    return memo_[number];
  }

  std::string name_;
  ByteReader reader_;
  PickleGraph graph_;
  Rebuild rebuild_;
  std::vector<PickleValue> stack_;
  std::vector<PickleValue> memo_;
};

}  // namespace headformer::detail
