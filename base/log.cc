// base/log.cc -- formatting of event lines, and the three places they can go.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.hh"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.hh"
#include "base/files.hh"
#include "base/text.hh"

namespace base {

namespace {

// One value cannot push the rest of a line out of a syslog datagram.
constexpr std::size_t value_limit = 256;

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\\") != std::string_view::npos;
}

void append_value(std::string& line, std::string_view value) {
  const std::string safe = printable(value, value_limit);
  if (!needs_quotes(safe)) {
    line += safe;
    return;
  }
  line += '"';
  for (const char c : safe) {
    if (c == '"') {
      line += '\\';
    }
    line += c;
  }
  line += '"';
}

// Lines with time and program in front, to a descriptor: stderr or a file.
class DescriptorSink final : public LogSink {
 public:
  DescriptorSink(std::string_view program, std::string path, Fd file)
      : head_(" " + std::string(program) + "[" + std::to_string(::getpid()) + "]: "),
        path_(std::move(path)),
        file_(std::move(file)) {}

  void write(Level level, std::string_view line) override {
    std::string text = rfc3339(system_clock().now());
    text += head_;
    if (level <= Level::warning) {
      text += level_name(level);
      text += ": ";
    }
    text += line;
    text += '\n';
    // A log that cannot be written must not stop mail; the next line tries again.
    (void)write_all(file_.is_open() ? file_.get() : STDERR_FILENO, text, path_);
  }

  Result<void> reopen() override {
    if (path_.empty()) {
      return {};
    }
    auto file = open_file(path_, O_WRONLY | O_CREAT | O_APPEND, 0640);
    if (!file) {
      return file.error();
    }
    file_ = std::move(*file);
    return {};
  }

 private:
  std::string head_;
  std::string path_;
  Fd file_;
};

class SyslogSink final : public LogSink {
 public:
  explicit SyslogSink(std::string_view program) : program_(program) {
    ::openlog(program_.c_str(), LOG_PID, LOG_MAIL);
  }

  void write(Level level, std::string_view line) override {
    ::syslog(priority(level), "%.*s", static_cast<int>(line.size()), line.data());
  }

 private:
  static int priority(Level level) {
    switch (level) {
      case Level::error:
        return LOG_ERR;
      case Level::warning:
        return LOG_WARNING;
      case Level::info:
        return LOG_INFO;
      case Level::debug:
        return LOG_DEBUG;
    }
    return LOG_INFO;
  }

  std::string program_;  // openlog() keeps the pointer
};

class MemorySink final : public LogSink {
 public:
  explicit MemorySink(std::string& text) : text_(text) {}
  void write(Level /*level*/, std::string_view line) override {
    text_ += line;
    text_ += '\n';
  }

 private:
  std::string& text_;
};

}  // namespace

std::string_view level_name(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return "info";
}

Result<Level> parse_level(std::string_view name) {
  for (const Level level : {Level::error, Level::warning, Level::info, Level::debug}) {
    if (level_name(level) == name) {
      return level;
    }
  }
  return make_error(Errc::malformed, "not a log level: " + printable(name, 40),
                    "write error, warning, info or debug");
}

std::string format_event(const Event& event, std::initializer_list<Field> fields,
                         std::string_view queue_id) {
  std::string line;
  if (!queue_id.empty()) {
    line += printable(queue_id, 64);
    line += ": ";
  }
  line += event.name;
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  return line;
}

Log::Log(std::string program, std::unique_ptr<LogSink> sink, Level threshold)
    : program_(std::move(program)), sink_(std::move(sink)), threshold_(threshold) {}

void Log::write(const Event& event, std::initializer_list<Field> fields,
                std::string_view queue_id) {
  if (!wants(event.level)) {
    return;
  }
  const std::string line = format_event(event, fields, queue_id);
  const std::lock_guard lock(mutex_);
  sink_->write(event.level, line);
}

Result<void> Log::reopen() {
  const std::lock_guard lock(mutex_);
  return sink_->reopen();
}

Result<std::unique_ptr<LogSink>> open_log_sink(std::string_view program,
                                               std::string_view destination) {
  if (destination == "syslog") {
    return std::unique_ptr<LogSink>(std::make_unique<SyslogSink>(program));
  }
  if (destination == "stderr") {
    return std::unique_ptr<LogSink>(std::make_unique<DescriptorSink>(program, "", Fd()));
  }
  if (!destination.starts_with('/')) {
    return make_error(Errc::malformed, "not a log destination: " + printable(destination, 80),
                      "write stderr, syslog or an absolute path");
  }
  auto sink = std::make_unique<DescriptorSink>(program, std::string(destination), Fd());
  if (auto opened = sink->reopen(); !opened) {
    return opened.error();
  }
  return std::unique_ptr<LogSink>(std::move(sink));
}

std::unique_ptr<LogSink> memory_log_sink(std::string& text) {
  return std::make_unique<MemorySink>(text);
}

}  // namespace base
