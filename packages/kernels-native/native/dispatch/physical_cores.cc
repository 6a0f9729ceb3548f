#include <algorithm>
#include <cstdio>
#include <thread>

#include "qk/cpu_features.h"

#if defined(__linux__)
#include <sched.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace qk {
namespace {

#if defined(__linux__)

// Whether `cpu` is the first thread of its core: its sibling list begins with its own number.
bool IsFirstOfCore(int cpu) {
  char path[96];
  std::snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) return true;
  int first = cpu;
  const bool read = std::fscanf(file, "%d", &first) == 1;
  std::fclose(file);
  return !read || first == cpu;
}

int CountCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  int cores = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &allowed) && IsFirstOfCore(cpu)) cores++;
  }
  return std::max(cores, 1);
}

#elif defined(__APPLE__)

int CountCores() {
  int cores = 0;
  size_t size = sizeof cores;
  return sysctlbyname("hw.physicalcpu", &cores, &size, nullptr, 0) == 0 ? cores : 0;
}

#else

int CountCores() { return 0; }

#endif

}  // namespace

int PhysicalCores() {
  const int cores = CountCores();
  return cores > 0 ? cores : std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
}

}  // namespace qk
