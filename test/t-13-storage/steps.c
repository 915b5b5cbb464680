// test/t-13-storage/steps.c -- preloaded: counts the steps of a delivery and ends or fails at one.
// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The file named by STEPS_FILE says what to do; without it, nothing:
 *   kill N            SIGKILL before step N, counted from the first one under these orders
 *   fail CALL ERRNO   CALL (write, fsync, rename, open) answers with that error
 *   count             only write down what is done
 * A step is a call that changes something below a folder Maildir; a write is two: before it, and
 * with half of it done. Each is written down in STEPS_FILE.log.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <dlfcn.h>
#include <stdarg.h>

static char orders[64], last_orders[64];
static int taken, kill_at, fail_errno;
static char fail_call[16];

#define NEXT(name)               \
  static __typeof__(&name) next; \
  if (!next)                     \
  next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void raw_write(const char* path, const char* text) {
  int fd = (int)openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (fd >= 0) {
    NEXT(write);
    if (next(fd, text, strlen(text)) < 0)
      abort();
    close(fd);
  }
}

static int under_orders(void) {
  const char* path = getenv("STEPS_FILE");
  if (!path || strcmp(program_invocation_short_name, "lmtp") != 0)
    return 0;
  int fd = openat(AT_FDCWD, path, O_RDONLY);
  if (fd < 0)
    return 0;
  ssize_t got = read(fd, orders, sizeof(orders) - 1);
  close(fd);
  orders[got > 0 ? got : 0] = '\0';
  if (strcmp(orders, last_orders) != 0) {
    strcpy(last_orders, orders);
    taken = kill_at = 0;
    fail_call[0] = '\0';
    if (sscanf(orders, "kill %d", &kill_at) != 1)
      sscanf(orders, "fail %15s %d", fail_call, &fail_errno);
  }
  return 1;
}

static const char* name_of(int fd, char* room, size_t size) {
  char link[40];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  ssize_t got = readlink(link, room, size - 1);
  room[got > 0 ? got : 0] = '\0';
  return room;
}

/* 1 when the call has to fail. */
static int step(const char* call, const char* path) {
  int before = errno;
  if (!path || !strstr(path, "/Maildir/") || !under_orders()) {
    errno = before;
    return 0;
  }
  char line[1200], log[300];
  taken++;
  snprintf(line, sizeof(line), "%d %s %s\n", taken, call, strstr(path, "/Maildir/") + 9);
  snprintf(log, sizeof(log), "%s.log", getenv("STEPS_FILE"));
  raw_write(log, line);
  if (kill_at && taken == kill_at) {
    unlink(getenv("STEPS_FILE"));
    kill(getpid(), SIGKILL);
    pause();
  }
  if (strcmp(fail_call, call) == 0) {
    errno = fail_errno;
    return 1;
  }
  errno = before;
  return 0;
}

static int step_fd(const char* call, int fd) {
  char room[1024];
  int before = errno;
  const char* name = name_of(fd, room, sizeof(room));
  errno = before;
  return step(call, name);
}

ssize_t write(int fd, const void* data, size_t size) {
  char room[1024];
  NEXT(write);
  if (step_fd("write", fd))
    return -1;
  /* Dovecot's index is its own affair: it throws a torn one away and refuses one mail for that. */
  if (strstr(name_of(fd, room, sizeof(room)), "/dovecot.index"))
    return next(fd, data, size);
  if (kill_at && kill_at == taken + 1 && size > 1) {
    if (next(fd, data, size / 2) < 0)
      abort();
    step_fd("half-write", fd);
    return next(fd, (const char*)data + size / 2, size - size / 2) < 0 ? -1 : (ssize_t)size;
  }
  ssize_t done = next(fd, data, size);
  step_fd("half-write", fd);
  return done;
}

ssize_t writev(int fd, const struct iovec* pieces, int count) {
  NEXT(writev);
  return step_fd("write", fd) ? -1 : next(fd, pieces, count);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  NEXT(pwrite64);
  return step_fd("write", fd) ? -1 : next(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  NEXT(pwrite);
  return step_fd("write", fd) ? -1 : next(fd, data, size, offset);
}

int fsync(int fd) {
  NEXT(fsync);
  return step_fd("fsync", fd) ? -1 : next(fd);
}

int fdatasync(int fd) {
  NEXT(fdatasync);
  return step_fd("fsync", fd) ? -1 : next(fd);
}

int rename(const char* from, const char* to) {
  NEXT(rename);
  return step("rename", to) ? -1 : next(from, to);
}

int link(const char* from, const char* to) {
  NEXT(link);
  return step("link", to) ? -1 : next(from, to);
}

int unlink(const char* path) {
  NEXT(unlink);
  return step("unlink", path) ? -1 : next(path);
}

#define OPEN(name)                             \
  int name(const char* path, int flags, ...) { \
    mode_t mode = 0;                           \
    NEXT(name);                                \
    if (flags & O_CREAT) {                     \
      va_list list;                            \
      va_start(list, flags);                   \
      mode = va_arg(list, mode_t);             \
      va_end(list);                            \
      if (step("open", path))                  \
        return -1;                             \
    }                                          \
    return next(path, flags, mode);            \
  }
OPEN(open)
OPEN(open64)
