#include "qk/context.h"

#include <utility>

namespace qk {

Scratch::Scratch(Context& context) : context_(context) {
  std::lock_guard<std::mutex> lock(context.mutex_);
  if (context.arenas_.empty()) {
    arena_ = std::make_unique<Arena>();
  } else {
    arena_ = std::move(context.arenas_.back());
    context.arenas_.pop_back();
  }
}

Scratch::~Scratch() {
  arena_->Reset();
  std::lock_guard<std::mutex> lock(context_.mutex_);
  context_.arenas_.push_back(std::move(arena_));
}

}  // namespace qk
