#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "check.h"

namespace qk::test {
namespace {

size_t PageSize() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

size_t Rounded(size_t bytes) { return (bytes + PageSize() - 1) / PageSize() * PageSize(); }

}  // namespace

void* MapGuarded(size_t bytes) {
  const size_t usable = Rounded(bytes);
  void* base = mmap(nullptr, usable + PageSize(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) std::abort();
  char* end = static_cast<char*>(base) + usable;
  if (mprotect(end, PageSize(), PROT_NONE) != 0) std::abort();
  return end - bytes;
}

void UnmapGuarded(void* data, size_t bytes) {
  const size_t usable = Rounded(bytes);
  munmap(static_cast<char*>(data) + bytes - usable, usable + PageSize());
}

}  // namespace qk::test
