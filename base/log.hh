// base/log.hh -- the log: one line an event, every event a row of its room's table.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A line is `QUEUEID: event.name key=value key="two words"` behind the usual syslog head
// `program[pid]: `. The line is an interface: `stats` reads it by the same tables. Secrets,
// subjects and bodies are never a field. docs/events.md is printed from the tables.
#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/handle.hh"
#include "base/result.hh"

namespace base {

enum class Level {
  error,    // someone must act
  warning,  // degraded, but serving
  info,     // one line a verdict
  debug,    // for developers
};

std::string_view level_name(Level level);
Result<Level> parse_level(std::string_view name);

// One row of a room's events.cc.
struct Event {
  std::string_view name;  // "policyd.greylist.defer"
  Level level;
  std::string_view fields;  // the keys it may carry, space-separated
  std::string_view action;  // what it means, and what the administrator should do
};

struct Field {
  std::string_view key;
  std::string_view value;  // must outlive the call; quoted and cut as needed
};

// Where lines go. write() is called under the log's lock.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(Level level, std::string_view line) = 0;
  virtual Result<void> reopen() { return {}; }  // after rotation

 protected:
  LogSink() = default;
  LogSink(const LogSink&) = default;
  LogSink& operator=(const LogSink&) = default;
};

// Any thread may log.
class Log {
 public:
  Log(std::string program, std::unique_ptr<LogSink> sink, Level threshold);

  void write(const Event& event, std::initializer_list<Field> fields,
             std::string_view queue_id = {});
  bool wants(Level level) const { return level <= threshold_.load(std::memory_order_relaxed); }
  void set_threshold(Level level) { threshold_.store(level, std::memory_order_relaxed); }
  Result<void> reopen();

 private:
  std::string program_;
  std::mutex mutex_;
  std::unique_ptr<LogSink> sink_;
  std::atomic<Level> threshold_;
};

// `destination` is "stderr", "syslog" (facility mail) or an absolute path (opened for append, mode
// 0640). malformed for anything else.
Result<std::unique_ptr<LogSink>> open_log_sink(std::string_view program,
                                               std::string_view destination);

// A sink for tests: each line, with its end, is appended to `text`, which must outlive it.
std::unique_ptr<LogSink> memory_log_sink(std::string& text);

// The text of one line without the head, as Log writes it.
std::string format_event(const Event& event, std::initializer_list<Field> fields,
                         std::string_view queue_id);

}  // namespace base
