#ifndef QK_ARENA_H_
#define QK_ARENA_H_

#include <cstddef>
#include <vector>

namespace qk {

// Scratch memory that is taken piece by piece and given back all at once. Kept between uses, so a steady state allocates
// nothing.
class Arena {
 public:
  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` of uninitialized memory on a cache-line boundary (64), or nullptr when there is none.
  void* Take(size_t bytes);

  template <class T>
  T* TakeArray(size_t count) {
    if (count > static_cast<size_t>(-1) / sizeof(T)) return nullptr;
    return static_cast<T*>(Take(count * sizeof(T)));
  }

  // Everything taken is free again. Several blocks are replaced by one of their total size at the next Take.
  void Reset();

 private:
  struct Block {
    char* data;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t used_ = 0;    // of the last block
  size_t wanted_ = 0;  // size of the next block, at least
};

}  // namespace qk

#endif  // QK_ARENA_H_
