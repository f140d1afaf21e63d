// SPDX-License-Identifier: MIT
//
// A formula in x and y, read once and evaluated for any scalar, also for those that carry derivatives.
#pragma once

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace playground {

/// A formula such as "(1 - x)^2 + 100 (y - x^2)^2". Sums, products (the sign may be left out, as in 3x),
/// powers, the functions of `names`, `pi` and `e`. What cannot be read throws `std::invalid_argument`, which
/// says where.
class Formula {
 public:
  explicit Formula(std::string text) : text_(std::move(text)) {
    sum();
    if (at_ != text_.size()) fail("an operator");
  }

  /// The value at a point of two coordinates.
  template <class X>
  typename X::Scalar operator()(const X& x) const {
    using Scalar = typename X::Scalar;
    std::array<Scalar, deepest> stack;
    std::size_t top = 0;
    for (const Instruction& i : program_) {
      switch (i.operation) {
        case Operation::number:
          stack[top++] = Scalar(i.number);
          break;
        case Operation::x:
          stack[top++] = x[0];
          break;
        case Operation::y:
          stack[top++] = x[1];
          break;
        case Operation::function:
          stack[top - 1] = apply(i.name, stack[top - 1]);
          break;
        case Operation::constant_power:
          stack[top - 1] = power(stack[top - 1], i.number);
          break;
        default:
          --top;
          stack[top - 1] = combine(i.operation, stack[top - 1], stack[top]);
      }
    }
    return stack[0];
  }

 private:
  enum class Operation { number, x, y, function, constant_power, add, subtract, multiply, divide, power };
  enum class Name { negate, sin, cos, tan, asin, acos, sinh, cosh, tanh, exp, log, sqrt, abs };
  static constexpr std::array<std::string_view, 13> names{
      "-", "sin", "cos", "tan", "asin", "acos", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "abs"};
  static constexpr std::size_t deepest = 32;

  struct Instruction {
    Operation operation;
    Name name = {};
    double number = 0;
  };

  template <class Scalar>
  static Scalar apply(Name name, const Scalar& u) {
    using std::sin, std::cos, std::tan, std::asin, std::acos, std::sinh, std::cosh, std::tanh, std::exp,
        std::log, std::sqrt, std::abs;
    switch (name) {
      case Name::negate:
        return -u;
      case Name::sin:
        return sin(u);
      case Name::cos:
        return cos(u);
      case Name::tan:
        return tan(u);
      case Name::asin:
        return asin(u);
      case Name::acos:
        return acos(u);
      case Name::sinh:
        return sinh(u);
      case Name::cosh:
        return cosh(u);
      case Name::tanh:
        return tanh(u);
      case Name::exp:
        return exp(u);
      case Name::log:
        return log(u);
      case Name::sqrt:
        return sqrt(u);
      case Name::abs:
        return abs(u);
    }
    return u;
  }

  template <class Scalar>
  static Scalar combine(Operation operation, const Scalar& u, const Scalar& v) {
    using std::exp, std::log;
    if (operation == Operation::add) return u + v;
    if (operation == Operation::subtract) return u - v;
    if (operation == Operation::multiply) return u * v;
    if (operation == Operation::divide) return u / v;
    return exp(v * log(u));
  }

  // Small whole powers by multiplication, which is exact where `pow` need not be.
  template <class Scalar>
  static Scalar power(const Scalar& u, double exponent) {
    using std::pow;
    if (exponent != std::floor(exponent) || exponent < 1 || exponent > 8) return pow(u, exponent);
    Scalar result = u;
    for (int i = 1; i < static_cast<int>(exponent); ++i) result = result * u;
    return result;
  }

  // sum := product (("+" | "-") product)*
  void sum() {
    product();
    while (peek() == '+' || peek() == '-') {
      const Operation operation = take() == '+' ? Operation::add : Operation::subtract;
      product();
      emit({operation});
    }
  }
  // product := signed (("*" | "/" | nothing) signed)*
  void product() {
    negation();
    for (;;) {
      const char next = peek();
      const bool implied = next == '(' || next == '.' || std::isalnum(static_cast<unsigned char>(next)) != 0;
      if (next != '*' && next != '/' && !implied) return;
      if (!implied) take();
      negation();
      emit({next == '/' ? Operation::divide : Operation::multiply});
    }
  }
  // signed := ("-" | "+") signed | power
  void negation() {
    if (peek() == '-' || peek() == '+') {
      const bool minus = take() == '-';
      negation();
      if (minus) emit({Operation::function, Name::negate});
    } else {
      raised();
    }
  }
  // power := primary ("^" signed)?
  void raised() {
    primary();
    if (peek() != '^') return;
    take();
    negation();
    // A constant exponent needs no logarithm of the base, which may be negative.
    if (Instruction& last = program_.back(); last.operation == Operation::number) {
      --depth_;
      last.operation = Operation::constant_power;
    } else {
      emit({Operation::power});
    }
  }
  // primary := number | x | y | pi | e | name "(" sum ")" | "(" sum ")"
  void primary() {
    const char next = peek();
    if (next == '(') {
      parenthesis();
    } else if (std::isdigit(static_cast<unsigned char>(next)) != 0 || next == '.') {
      char* end = nullptr;
      const double value = std::strtod(text_.c_str() + at_, &end);
      if (end == text_.c_str() + at_) fail("a number");
      at_ = static_cast<std::size_t>(end - text_.c_str());
      emit({Operation::number, {}, value});
    } else if (std::isalpha(static_cast<unsigned char>(next)) != 0) {
      word();
    } else {
      fail("a number, x, y, a function or a parenthesis");
    }
  }
  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    const std::string_view name = std::string_view(text_).substr(begin, at_ - begin);
    if (name == "x") return emit({Operation::x});
    if (name == "y") return emit({Operation::y});
    if (name == "pi") return emit({Operation::number, {}, 3.141592653589793});
    if (name == "e") return emit({Operation::number, {}, 2.718281828459045});
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (name != names[i]) continue;
      if (peek() != '(') fail("a parenthesis");
      parenthesis();
      return emit({Operation::function, static_cast<Name>(i)});
    }
    at_ = begin;
    fail("x, y, pi, e or a known function");
  }
  void parenthesis() {
    take();
    sum();
    if (peek() != ')') fail("a closing parenthesis");
    take();
  }

  // Keeps count of the numbers on the stack.
  void emit(const Instruction& instruction) {
    program_.push_back(instruction);
    if (instruction.operation < Operation::function && ++depth_ > deepest) fail("fewer parentheses");
    if (instruction.operation > Operation::constant_power) --depth_;
  }
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  char take() { return text_[at_++]; }
  [[noreturn]] void fail(const std::string& expected) const {
    throw std::invalid_argument("after '" + text_.substr(0, at_) + "' there should be " + expected);
  }

  std::string text_;
  std::size_t at_ = 0, depth_ = 0;
  std::vector<Instruction> program_;
};

}  // namespace playground
