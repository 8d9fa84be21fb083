// SPDX-License-Identifier: Apache-2.0
// The machine is Python's pickletools.py in small: a stack, a memo, one letter an operation.
#include "engine/neural/pickle.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace avatar::neural {

using Value = Pickle::Value;
using Kind = Value::Kind;

namespace {

constexpr size_t kMaxValues = 1'000'000;
constexpr size_t kMaxArrayRank = 8;

// The callables by which numpy and Python store what we read.
constexpr std::string_view kArray[] = {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"};
constexpr std::string_view kScalar[] = {"numpy.core.multiarray scalar", "numpy._core.multiarray scalar"};
constexpr std::string_view kBuffer[] = {"numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"};
constexpr std::string_view kBytes[] = {"__builtin__ bytes", "builtins bytes"};  // with no arguments: empty ones
constexpr std::string_view kArrayClass = "numpy ndarray", kType = "numpy dtype", kEncode = "_codecs encode",
                           kOrderedDict = "collections OrderedDict";

template <size_t N>
bool is_one_of(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}
bool is_known(std::string_view name) {
  return is_one_of(name, kArray) || is_one_of(name, kScalar) || is_one_of(name, kBuffer) || is_one_of(name, kBytes) ||
         name == kArrayClass || name == kType || name == kEncode || name == kOrderedDict;
}

size_t type_size(std::string_view type) {
  if (type == "f4" || type == "i4") return 4;
  if (type == "f8" || type == "i8") return 8;
  return type == "b1" ? 1 : 0;
}

template <typename T>
double as_double(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return static_cast<double>(value);
}
double element(std::string_view type, const char* from) {
  if (type == "f4") return as_double<float>(from);
  if (type == "f8") return as_double<double>(from);
  if (type == "i4") return as_double<int32_t>(from);
  if (type == "i8") return as_double<int64_t>(from);
  return *from != 0 ? 1 : 0;
}

// Bytes that Python 3 wrote as text for Python 2: each character below 256 is one.
std::optional<std::string> from_latin1(std::string_view utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < utf8.size()) {
      out += static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace

class PickleReader {
 public:
  explicit PickleReader(std::span<const std::byte> bytes)
      : data_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}

  Result<Pickle> read() {
    while (!stopped_) {
      if (at_ >= data_.size()) return error("it ends too early");
      const char op = data_[at_++];
      if (!step(op)) return error(why_);
      if (pickle_.values_.size() > kMaxValues) return error("it holds too many values");
    }
    return std::move(pickle_);
  }

 private:
  static Error error(const std::string& why) { return {ErrorKind::invalid, "this pickle cannot be read: " + why}; }
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  // ---- what is read ----
  bool take(size_t n, std::string_view& out) {
    if (n > data_.size() - at_) return fail("it ends too early");
    out = data_.substr(at_, n);
    at_ += n;
    return true;
  }
  bool number(size_t bytes, uint64_t& out) {
    std::string_view raw;
    if (!take(bytes, raw)) return false;
    out = 0;
    for (size_t i = 0; i < bytes; ++i) out |= static_cast<uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
    return true;
  }
  bool sized(size_t bytes_of_size, std::string_view& out) {
    uint64_t n = 0;
    return number(bytes_of_size, n) && take(static_cast<size_t>(std::min<uint64_t>(n, SIZE_MAX)), out);
  }
  bool line(std::string_view& out) {
    const size_t end = data_.find('\n', at_);
    if (end == std::string_view::npos) return fail("it ends too early");
    out = data_.substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }

  // ---- the stack ----
  Value& make(Kind kind) {
    Value& v = pickle_.values_.emplace_back();
    v.kind = kind;
    return v;
  }
  bool push(Value& v) {
    stack_.push_back(&v);
    return true;
  }
  bool push_int(int64_t n) {
    Value& v = make(Kind::integer);
    v.integer = n;
    return push(v);
  }
  bool push_text(Kind kind, std::string_view text) {
    Value& v = make(kind);
    v.text = text;
    return push(v);
  }
  bool pop(Value*& out) {
    if (stack_.empty() || (!marks_.empty() && stack_.size() == marks_.back())) return fail("its stack is empty");
    out = stack_.back();
    stack_.pop_back();
    return true;
  }
  bool pop_to_mark(std::vector<Value*>& out) {
    if (marks_.empty()) return fail("a mark is missing");
    out.assign(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return true;
  }
  bool top(Kind kind, Value*& out) {
    if (stack_.empty() || stack_.back()->kind != kind) return fail("something is added to what cannot hold it");
    out = stack_.back();
    return true;
  }
  bool tuple(size_t n) {
    std::vector<Value*> items(n);
    for (size_t i = n; i-- > 0;) {
      if (!pop(items[i])) return false;
    }
    Value& v = make(Kind::list);
    v.items.assign(items.begin(), items.end());
    return push(v);
  }
  bool add(Kind kind, const std::vector<Value*>& items) {
    Value* to = nullptr;
    if (!top(kind, to)) return false;
    if (kind == Kind::dict && items.size() % 2 != 0) return fail("a key has no value");
    to->items.insert(to->items.end(), items.begin(), items.end());
    return true;
  }
  bool memoize(uint64_t index) {
    if (stack_.empty() || index > kMaxValues) return fail("its memo is wrong");
    if (memo_.size() <= index) memo_.resize(static_cast<size_t>(index) + 1);
    memo_[static_cast<size_t>(index)] = stack_.back();
    return true;
  }
  bool recall(uint64_t index) {
    if (index >= memo_.size() || memo_[static_cast<size_t>(index)] == nullptr) return fail("its memo is wrong");
    return push(*memo_[static_cast<size_t>(index)]);
  }
  bool name(std::string_view module, std::string_view what) {
    const std::string full = std::string(module) + " " + std::string(what);
    if (!is_known(full)) return fail("it asks for \"" + full.substr(0, 80) + "\", which is none of its business");
    return push_text(Kind::callable, full);
  }

  // ---- arrays ----
  bool fill(Value& array, const Value& shape, const Value& type, bool is_fortran, std::string_view bytes) {
    if (shape.kind != Kind::list || type.kind != Kind::type || shape.items.size() > kMaxArrayRank) {
      return fail("an array is not stored as numpy does");
    }
    const size_t size = type_size(type.text);
    if (size == 0) return fail("it holds an array of \"" + type.text.substr(0, 20) + "\", not of numbers");
    uint64_t count = 1;
    array.shape.clear();
    for (const Value* d : shape.items) {
      if (d->kind != Kind::integer || d->integer < 0 || static_cast<uint64_t>(d->integer) > Pickle::kMaxBytes) {
        return fail("an array has no proper shape");
      }
      array.shape.push_back(d->integer);
      count *= static_cast<uint64_t>(d->integer);
      if (count > Pickle::kMaxBytes) return fail("an array is too large");
    }
    if (count * size != bytes.size()) return fail("an array has another size than its shape says");
    if (is_fortran && array.shape.size() > 2) return fail("an array is stored by columns");
    array.numbers.resize(static_cast<size_t>(count));
    const size_t rows = is_fortran && array.shape.size() == 2 ? static_cast<size_t>(array.shape[0]) : 1;
    const size_t columns = rows == 0 ? 0 : array.numbers.size() / rows;
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) {
        array.numbers[r * columns + c] = static_cast<float>(element(type.text, &bytes[(c * rows + r) * size]));
      }
    }
    return true;
  }

  bool reduce() {
    Value *args = nullptr, *callable = nullptr;
    if (!pop(args) || !pop(callable)) return false;
    if (callable->kind != Kind::callable || args->kind != Kind::list) return fail("it calls what is no function");
    const auto& a = args->items;
    const std::string_view f = callable->text;
    if (is_one_of(f, kArray)) return push(make(Kind::array));
    if (is_one_of(f, kBytes) && a.empty()) return push(make(Kind::bytes));
    if (f == kOrderedDict && a.empty()) return push(make(Kind::dict));
    if (f == kType && !a.empty() && a[0]->kind == Kind::text) return push_text(Kind::type, a[0]->text);
    if (f == kEncode && !a.empty() && a[0]->kind == Kind::text) {
      const auto bytes = from_latin1(a[0]->text);
      if (bytes) return push_text(Kind::bytes, *bytes);
    }
    if (is_one_of(f, kScalar) && a.size() == 2 && a[0]->kind == Kind::type && a[1]->kind == Kind::bytes &&
        type_size(a[0]->text) != 0 && type_size(a[0]->text) == a[1]->text.size()) {
      Value& v = make(Kind::real);
      v.real = element(a[0]->text, a[1]->text.data());
      return push(v);
    }
    if (is_one_of(f, kBuffer) && a.size() == 4 && a[0]->kind == Kind::bytes && a[3]->kind == Kind::text) {
      Value& v = make(Kind::array);
      return fill(v, *a[2], *a[1], a[3]->text == "F", a[0]->text) && push(v);
    }
    return fail("it calls \"" + std::string(f) + "\" in a way that is not known");
  }

  bool build() {
    Value* state = nullptr;
    if (!pop(state)) return false;
    if (stack_.empty() || state->kind != Kind::list) return fail("an object has no proper state");
    Value& to = *stack_.back();
    const auto& s = state->items;
    if (to.kind == Kind::type && s.size() >= 2 && s[1]->kind == Kind::text) {
      const bool is_ours = s[1]->text == "<" || s[1]->text == "|" || s[1]->text == "=";
      return is_ours || fail("its numbers stand the other way round (big-endian)");
    }
    if (to.kind == Kind::array && s.size() == 5 && (s[4]->kind == Kind::bytes || s[4]->kind == Kind::list)) {
      return fill(to, *s[1], *s[2], s[3]->integer != 0, s[4]->text);
    }
    return fail("an object has no proper state");
  }

  bool step(char op) {
    uint64_t n = 0;
    std::string_view text, text2;
    std::vector<Value*> items;
    Value *a = nullptr, *b = nullptr;
    switch (op) {
      case '\x80':
        return number(1, n) && (n <= 5 || fail("its protocol is " + std::to_string(n)));
      case '\x95':
        return number(8, n);  // FRAME: how much to read at once
      case '.':
        if (stack_.size() != 1 || !marks_.empty()) return fail("its stack is not empty at the end");
        pickle_.root_ = stack_.back();
        return stopped_ = true;
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case '0':
        return pop(a);
      case '1':
        return pop_to_mark(items);
      case '2':
        return (!stack_.empty() || fail("its stack is empty")) && push(*stack_.back());
      case 'N':
        return push(make(Kind::none));
      case '\x88':
      case '\x89':
        a = &make(Kind::boolean);
        a->integer = op == '\x88' ? 1 : 0;
        return push(*a);
      case 'K':
        return number(1, n) && push_int(static_cast<int64_t>(n));
      case 'M':
        return number(2, n) && push_int(static_cast<int64_t>(n));
      case 'J':
        return number(4, n) && push_int(static_cast<int32_t>(static_cast<uint32_t>(n)));
      case '\x8a': {  // LONG1: two's complement, shortest
        if (!sized(1, text)) return false;
        if (text.size() > 8) return fail("a number is too large");
        int64_t value = text.empty() || (text.back() & 0x80) == 0 ? 0 : -1;
        for (size_t i = text.size(); i-- > 0;) {
          value = static_cast<int64_t>(static_cast<uint64_t>(value) << 8 | static_cast<unsigned char>(text[i]));
        }
        return push_int(value);
      }
      case 'G': {  // BINFLOAT: big-endian
        if (!take(8, text)) return false;
        uint64_t bits = 0;
        for (const char c : text) bits = bits << 8 | static_cast<unsigned char>(c);
        a = &make(Kind::real);
        std::memcpy(&a->real, &bits, sizeof bits);
        return push(*a);
      }
      case '\x8c':
        return sized(1, text) && push_text(Kind::text, text);
      case 'X':
        return sized(4, text) && push_text(Kind::text, text);
      case '\x8d':
        return sized(8, text) && push_text(Kind::text, text);
      case 'U':
      case 'C':
        return sized(1, text) && push_text(Kind::bytes, text);
      case 'T':
      case 'B':
        return sized(4, text) && push_text(Kind::bytes, text);
      case '\x8e':
      case '\x96':
        return sized(8, text) && push_text(Kind::bytes, text);
      case '}':
        return push(make(Kind::dict));
      case ']':
      case ')':
        return push(make(Kind::list));
      case '\x85':
        return tuple(1);
      case '\x86':
        return tuple(2);
      case '\x87':
        return tuple(3);
      case 't':
      case 'l':
        if (!pop_to_mark(items)) return false;
        a = &make(Kind::list);
        a->items.assign(items.begin(), items.end());
        return push(*a);
      case 'd':
        if (!pop_to_mark(items)) return false;
        return push(make(Kind::dict)) && add(Kind::dict, items);
      case 'a':
        return pop(a) && add(Kind::list, {a});
      case 'e':
        return pop_to_mark(items) && add(Kind::list, items);
      case 's':
        return pop(b) && pop(a) && add(Kind::dict, {a, b});
      case 'u':
        return pop_to_mark(items) && add(Kind::dict, items);
      case '\x94':
        return memoize(memo_.size());
      case 'q':
        return number(1, n) && memoize(n);
      case 'r':
        return number(4, n) && memoize(n);
      case 'h':
        return number(1, n) && recall(n);
      case 'j':
        return number(4, n) && recall(n);
      case 'c':
        return line(text) && line(text2) && name(text, text2);
      case '\x93':
        if (!pop(b) || !pop(a)) return false;
        if (a->kind != Kind::text || b->kind != Kind::text) return fail("it names no callable");
        return name(a->text, b->text);
      case '\x81':  // NEWOBJ: a class and its arguments
      case 'R':
        return reduce();
      case 'b':
        return build();
      default: {
        constexpr char kDigits[] = "0123456789abcdef";
        const auto code = static_cast<unsigned char>(op);
        return fail(std::string("it uses the operation 0x") + kDigits[code >> 4] + kDigits[code & 15]);
      }
    }
  }

  std::string_view data_;
  size_t at_ = 0;
  bool stopped_ = false;
  std::string why_;
  Pickle pickle_;
  std::vector<Value*> stack_, memo_;
  std::vector<size_t> marks_;
};

const Value* Value::find(std::string_view key) const {
  if (kind != Kind::dict) return nullptr;
  // Later ones win, as in Python.
  for (size_t i = items.size(); i >= 2; i -= 2) {
    if (items[i - 2]->kind == Kind::text && items[i - 2]->text == key) return items[i - 1];
  }
  return nullptr;
}

double Value::number(double otherwise) const {
  if (kind == Kind::integer || kind == Kind::boolean) return static_cast<double>(integer);
  return kind == Kind::real ? real : otherwise;
}

Result<Pickle> Pickle::read(std::span<const std::byte> bytes) {
  if (bytes.size() > kMaxBytes) {
    return Error{ErrorKind::invalid, "this pickle cannot be read: it is larger than 64 MB"};
  }
  return PickleReader(bytes).read();
}

}  // namespace avatar::neural
