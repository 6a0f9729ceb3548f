#ifndef QK_TEST_CHECK_H_
#define QK_TEST_CHECK_H_

#include <cstdint>
#include <random>

#include "qk/context.h"

namespace qk::test {

// A test runs once for every tier of this machine, with one thread and with several.
using Test = void (*)(Context& context);

// Makes a test known to main: `const Registration r("minmax tails", MinMaxTails);` at namespace scope.
struct Registration {
  Registration(const char* name, Test test);
};

// Counts a failure and prints where it happened.
void Check(bool condition, const char* what, int line = __builtin_LINE(), const char* file = __builtin_FILE());

// Seeded, so that every run sees the same numbers.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  float Normal() { return normal_(engine_); }
  int64_t Integer(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<float> normal_;
};

// `count` elements that end exactly at a page nobody may touch: reading or writing past them crashes.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t count);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  T* data() const { return data_; }
  int64_t size() const { return count_; }
  T& operator[](int64_t i) const { return data_[i]; }

 private:
  T* data_;
  int64_t count_;
};

void* MapGuarded(size_t bytes);
void UnmapGuarded(void* data, size_t bytes);

template <class T>
Guarded<T>::Guarded(int64_t count)
    : data_(static_cast<T*>(MapGuarded(static_cast<size_t>(count) * sizeof(T)))), count_(count) {}

template <class T>
Guarded<T>::~Guarded() {
  UnmapGuarded(data_, static_cast<size_t>(count_) * sizeof(T));
}

}  // namespace qk::test

#endif  // QK_TEST_CHECK_H_
