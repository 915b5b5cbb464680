// base/handle.hh -- owners of things C libraries hand out: Handle for pointers, Fd for descriptors.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <utility>

#include "base/result.hh"

namespace base {

template <auto free_fn>
struct Freer {
  template <typename T>
  void operator()(T* thing) const {
    free_fn(thing);
  }
};

// Owns a `T*` and frees it with `free_fn`; the size of a pointer.
template <typename T, auto free_fn>
using Handle = std::unique_ptr<T, Freer<free_fn>>;

// Owns a file descriptor; closed on destruction. A close error is lost: whoever wrote calls
// sync_file() (base/files.hh) first.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

}  // namespace base
