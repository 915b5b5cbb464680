// cli/items.cc -- CSV lines as command lines, many in one transaction.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/items.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "base/files.hh"
#include "base/json_writer.hh"
#include "base/text.hh"

#include "directory-lib/password_digest.hh"

#include "cli/accounts.hh"
#include "cli/csv.hh"

namespace cli {

namespace {

using base::Errc;

// How long the lock of the writer may be held, and how much is lost when the process dies: one
// batch. --atomic has a single one.
constexpr std::size_t batch_lines = 500;
constexpr std::chrono::milliseconds batch_time{200};
constexpr std::size_t read_size = 64UL * 1024;
constexpr std::size_t told_limit = 1000;  // bad lines in full; more are counted only

// An error that is no fault of the line: what comes after would meet it too.
bool is_fatal(Errc code) {
  return code == Errc::unavailable || code == Errc::timeout || code == Errc::corrupt ||
         code == Errc::internal;
}

void warn(const std::string& where, const std::vector<std::string>& warnings) {
  std::size_t told = 0;
  for (const std::string& one : warnings) {
    if (++told > told_limit) {
      (void)std::fprintf(stderr, "%swarning: and %zu more\n", where.c_str(),
                         warnings.size() - told_limit);
      return;
    }
    // Nothing is left to do when even this cannot be written.
    (void)std::fprintf(stderr, "%swarning: %s\n", where.c_str(), base::printable(one, 400).c_str());
  }
}

// The warnings of the end; that they cannot be found undoes nothing.
void look_back(directory::Directory& accounts, const ItemVerb& what,
               const std::vector<std::string>& objects) {
  if (what.look_back == nullptr || objects.empty()) {
    return;
  }
  const auto warnings = what.look_back(accounts, objects);
  warn("posthouse: ", warnings ? *warnings
                               : std::vector<std::string>{"what else it touches cannot be told: " +
                                                          warnings.error().detail});
}

class Bulk {
 public:
  Bulk(Call& call, const ItemVerb& what, directory::Directory& accounts)
      : call_(call), what_(what), accounts_(accounts) {}

  base::Result<void> run() {
    if (auto ok = open(); !ok) {
      return ok.error();
    }
    if (auto ok = read_header(); !ok) {
      return ok.error();
    }
    const bool atomic = call_.arguments.has("atomic");
    auto ok = atomic ? accounts_.together([this] { return run_all(); }) : run_batches();
    if (!ok && !is_bad_line_) {
      return ok.error();
    }
    if (ok) {
      look_back(accounts_, what_, objects_);
    }
    return tell(atomic);
  }

 private:
  base::Result<void> open() {
    name_ = *call_.arguments.value("csv");
    if (name_ == "-") {
      name_ = "standard input";
      return {};
    }
    auto file = base::open_file(name_, O_RDONLY);
    if (!file) {
      return file.error();
    }
    file_ = std::move(*file);
    return {};
  }

  // Fills pending_ until it has a batch or the file ends.
  base::Result<void> fill() {
    std::string buffer(read_size, '\0');
    while (!at_end_ && pending_.size() - next_ < batch_lines) {
      const int fd = file_ ? file_->get() : STDIN_FILENO;
      const ssize_t got = ::read(fd, buffer.data(), buffer.size());
      if (got < 0) {
        if (errno == EINTR) {
          continue;
        }
        return base::errno_error(name_, errno);
      }
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(next_));
      next_ = 0;
      at_end_ = got == 0;
      if (at_end_) {
        reader_.finish(pending_);
      }
      auto ok =
          reader_.read(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)), pending_);
      directory::wipe(buffer);
      buffer.resize(read_size);
      if (!ok) {
        return base::make_error(ok.error().code, name_ + ": " + ok.error().detail, ok.error().hint);
      }
    }
    return {};
  }

  base::Result<void> read_header() {
    if (auto ok = fill(); !ok) {
      return ok.error();
    }
    if (pending_.empty() || !pending_.front().problem.empty()) {
      return base::make_error(Errc::malformed, name_ + ": there is no line that names the columns",
                              known_columns());
    }
    columns_ = pending_[next_++].fields;
    for (std::string& column : columns_) {
      column = base::to_lower(base::trim(column));
      std::replace(column.begin(), column.end(), '_', '-');
      if (!is_column(column)) {
        return base::make_error(Errc::malformed,
                                name_ + ": no column '" + base::printable(column, 40) + "'",
                                known_columns());
      }
      if (std::count(columns_.begin(), columns_.end(), column) > 1) {
        return base::make_error(Errc::malformed, name_ + ": two columns " + column);
      }
    }
    for (const std::string_view word :
         what_.words.first(std::min(what_.words.size(), call_.verb.least_words))) {
      if (std::find(columns_.begin(), columns_.end(), word) == columns_.end()) {
        return base::make_error(Errc::malformed,
                                name_ + ": the column " + std::string(word) + " is missing",
                                known_columns());
      }
    }
    return {};
  }

  std::vector<std::string> columns() const {
    std::vector<std::string> names(what_.words.begin(), what_.words.end());
    names.insert(names.end(), what_.more.begin(), what_.more.end());
    for (const Option& option : call_.verb.options) {
      if (option.name != "password-stdin") {
        names.emplace_back(option.name);
      }
    }
    return names;
  }
  std::string known_columns() const { return "columns: " + base::join(columns(), ", "); }
  bool is_column(const std::string& name) const {
    const auto names = columns();
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  // The command line that a record stands for.
  base::Result<Arguments> arguments_of(const CsvRecord& record) const {
    if (!record.problem.empty()) {
      return base::make_error(Errc::malformed, record.problem);
    }
    if (record.fields.size() != columns_.size()) {
      return base::make_error(Errc::malformed, std::to_string(record.fields.size()) +
                                                   " fields, but there are " +
                                                   std::to_string(columns_.size()) + " columns");
    }
    Arguments arguments;
    arguments.options = call_.arguments.options;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (auto ok = take_option(columns_[i], record.fields[i], arguments); !ok) {
        return ok.error();
      }
    }
    for (const std::string_view word : what_.words) {
      const auto at = std::find(columns_.begin(), columns_.end(), word);
      if (at == columns_.end()) {
        continue;
      }
      const std::string& field = record.fields[static_cast<std::size_t>(at - columns_.begin())];
      const bool takes_many =
          word == what_.words.back() && call_.verb.most_words > what_.words.size();
      if (takes_many) {
        for (const std::string_view one : base::split_words(field)) {
          arguments.words.emplace_back(one);
        }
      } else if (!field.empty()) {
        arguments.words.push_back(field);
      }
    }
    if (arguments.words.size() < call_.verb.least_words) {
      return base::make_error(Errc::malformed, "a word is missing",
                              std::string(call_.verb.synopsis));
    }
    return arguments;
  }

  base::Result<void> take_option(const std::string& column, const std::string& field,
                                 Arguments& arguments) const {
    const bool is_word =
        std::find(what_.words.begin(), what_.words.end(), column) != what_.words.end();
    if (is_word || field.empty()) {
      return {};
    }
    const auto option = std::find_if(call_.verb.options.begin(), call_.verb.options.end(),
                                     [&](const Option& one) { return one.name == column; });
    if (option == call_.verb.options.end() || !option->value_name.empty()) {
      arguments.options[column] = {field};
      return {};
    }
    const auto on = parse_flag(field);
    if (!on) {
      return base::make_error(on.error().code, column + ": " + on.error().detail, on.error().hint);
    }
    arguments.options.erase(column);
    if (*on) {
      arguments.options[column] = {""};
    }
    return {};
  }

  // One line; an error is fatal.
  base::Result<void> run_line(const CsvRecord& record) {
    auto arguments = arguments_of(record);
    auto done =
        arguments ? what_.run(accounts_, *arguments) : base::Result<Item>(arguments.error());
    ++lines_;
    if (done) {
      if (!done->object.empty()) {
        objects_.push_back(std::move(done->object));
      }
      if (warned_ < told_limit && !done->warnings.empty()) {
        warned_ += done->warnings.size();
        warn("line " + std::to_string(record.line) + ": ", done->warnings);
      }
      return {};
    }
    if (is_fatal(done.error().code)) {
      return base::make_error(
          done.error().code,
          name_ + ", line " + std::to_string(record.line) + ": " + done.error().detail,
          done.error().hint);
    }
    ++bad_;
    if (bad_ <= told_limit) {
      complain(record.line, done.error());
    }
    return {};
  }

  void complain(std::size_t line, const base::Error& error) {
    if (call_.output.is_json()) {
      base::JsonWriter json;
      json.begin_object().key("line").number(static_cast<std::int64_t>(line));
      json.key("error").string(error.detail).key("code").string(base::errc_name(error.code));
      json.end_object();
      problems_.push_back(json.take());
    }
    // Nothing is left to do when even this cannot be written.
    (void)std::fprintf(stderr, "line %zu: %s\n", line, base::printable(error.text(), 1000).c_str());
  }

  base::Result<void> run_all() {
    for (;;) {
      for (; next_ < pending_.size(); ++next_) {
        if (auto ok = run_line(pending_[next_]); !ok) {
          return ok.error();
        }
      }
      if (at_end_) {
        break;
      }
      if (auto ok = fill(); !ok) {
        return ok.error();
      }
    }
    if (bad_ != 0) {
      is_bad_line_ = true;
      return base::make_error(Errc::malformed, "bad lines");
    }
    return {};
  }

  base::Result<void> run_batches() {
    while (next_ < pending_.size() || !at_end_) {
      const std::size_t before = lines_;
      auto ok = accounts_.together([this]() -> base::Result<void> {
        const auto end = base::system_clock().ticks() + batch_time;
        for (std::size_t n = 0; n < batch_lines && next_ < pending_.size(); ++n) {
          if (auto done = run_line(pending_[next_++]); !done) {
            return done.error();
          }
          if (base::system_clock().ticks() > end) {
            break;
          }
        }
        return {};
      });
      if (!ok) {
        return base::make_error(
            ok.error().code, ok.error().detail,
            "what stood before the last " + std::to_string(lines_ - before) + " lines is done");
      }
      if (auto more = fill(); !more) {
        return more.error();
      }
    }
    return {};
  }

  base::Result<void> tell(bool atomic) {
    const bool nothing_done = atomic && bad_ != 0;
    const std::size_t done = nothing_done ? 0 : lines_ - bad_;
    std::string problems = "[";
    for (const std::string& one : problems_) {
      problems += (problems.size() > 1 ? "," : "") + one;
    }
    static constexpr std::array<Column, 3> columns{
        {{"done", "Done"}, {"refused", "Refused"}, {"problems", ""}}};
    const bool rehearsed = call_.arguments.has("dry-run");
    call_.output.done(std::to_string(done) + (rehearsed ? " would be done, " : " done, ") +
                          std::to_string(bad_) + " refused",
                      columns,
                      {number_cell(done), number_cell(bad_), json_cell("", problems + "]")});
    if (bad_ == 0) {
      return {};
    }
    return base::make_error(Errc::malformed, std::to_string(bad_) + " of " +
                                                 std::to_string(lines_) + " lines were refused" +
                                                 (nothing_done ? ": nothing was done" : ""));
  }

  Call& call_;
  const ItemVerb& what_;
  directory::Directory& accounts_;
  std::string name_{};
  std::optional<base::Fd> file_{};
  CsvReader reader_{};
  std::vector<CsvRecord> pending_{};
  std::size_t next_ = 0;  // of pending_
  bool at_end_ = false;
  std::vector<std::string> columns_{};
  std::size_t lines_ = 0;
  std::size_t bad_ = 0;
  bool is_bad_line_ = false;  // the only reason why --atomic did nothing
  std::vector<std::string> problems_{};
  std::vector<std::string> objects_{};
  std::size_t warned_ = 0;
};

}  // namespace

base::Result<void> run_items(Call& call, const ItemVerb& what) {
  auto accounts = open_accounts(call, directory::OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  if (call.arguments.has("csv")) {
    return Bulk(call, what, **accounts).run();
  }
  const auto item = what.run(**accounts, call.arguments);
  if (!item) {
    return item.error();
  }
  const std::string prefix = call.arguments.has("dry-run") ? "would have " : "";
  call.output.done(prefix + item->sentence, what.columns, item->cells);
  warn("posthouse: ", item->warnings);
  if (!item->object.empty()) {
    look_back(**accounts, what, {item->object});
  }
  return {};
}

}  // namespace cli
