#include "qk/arena.h"

#include <algorithm>
#include <new>

namespace qk {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSmallestBlock = size_t{1} << 16;

void Free(char* data) { ::operator delete (data, std::align_val_t{kAlignment}); }

}  // namespace

Arena::~Arena() {
  for (const Block& block : blocks_) Free(block.data);
}

void* Arena::Take(size_t bytes) {
  if (bytes > static_cast<size_t>(-1) / 2) return nullptr;
  bytes = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  if (blocks_.empty() || blocks_.back().size - used_ < bytes) {
    const size_t size = std::max({bytes, wanted_, kSmallestBlock});
    void* data = ::operator new (size, std::align_val_t{kAlignment}, std::nothrow);
    if (data == nullptr) return nullptr;
    blocks_.push_back({static_cast<char*>(data), size});
    used_ = 0;
    wanted_ = 0;
  }
  void* taken = blocks_.back().data + used_;
  used_ += bytes;
  return taken;
}

void Arena::Reset() {
  used_ = 0;
  if (blocks_.size() < 2) return;
  for (const Block& block : blocks_) {
    wanted_ += block.size;
    Free(block.data);
  }
  blocks_.clear();
}

}  // namespace qk
