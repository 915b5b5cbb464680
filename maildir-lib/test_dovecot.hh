// maildir-lib/test_dovecot.hh -- a Maildir changed in the ways Dovecot changes one, for tests.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// It does what a probe of Dovecot 2.3 showed: deliveries to new/ and one line of the uidlist; flags
// by renaming; COPY by hard link, under another name with key G when the folder had the name
// before.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace maildir {

class TestDovecot {
 public:
  struct File {
    std::string folder;  // on disk; empty for INBOX
    std::string base;
    std::string guid;
    std::string flags;  // sorted
    bool in_new = true;
    int mail = 0;  // which mail it is, for the test
  };

  TestDovecot() {
    std::string pattern = (std::filesystem::temp_directory_path() / "index-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("mkdtemp " + pattern);
    }
    home_ = pattern;
    add_folder("");
  }
  TestDovecot(const TestDovecot&) = delete;
  TestDovecot& operator=(const TestDovecot&) = delete;
  TestDovecot(TestDovecot&&) = delete;
  TestDovecot& operator=(TestDovecot&&) = delete;
  ~TestDovecot() { std::filesystem::remove_all(home_); }

  const std::filesystem::path& home() const { return home_; }
  std::filesystem::path maildir() const { return home_ / "Maildir"; }
  std::vector<File>& files() { return files_; }
  const std::map<std::string, std::string>& folders() const { return guids_; }  // disk name -> GUID

  void add_folder(const std::string& folder) {
    for (const char* name : {"new", "cur", "tmp"}) {
      std::filesystem::create_directories(at(folder) / name);
    }
    guids_[folder] = new_guid();
    write_uidlist(folder);
  }

  // `with_sizes` is false for mail that is compressed when it is saved. Returns its number.
  int deliver(const std::string& folder, const std::string& text, bool with_sizes = true) {
    const std::string bare = unique();
    const std::string base =
        bare + ",S=" + std::to_string(text.size()) + ",W=" + std::to_string(text.size() + 5);
    files_.push_back({folder, base, with_sizes ? base : bare, "", true, ++mails_});
    std::ofstream(at(folder) / "tmp" / base, std::ios::binary) << text;
    std::filesystem::rename(at(folder) / "tmp" / base, path_of(files_.back()));
    record(files_.back());
    return mails_;
  }

  void set_flags(File& file, const std::string& flags) {
    const auto before = path_of(file);
    file.flags = flags;
    file.in_new = false;
    std::filesystem::rename(before, path_of(file));
  }

  void copy(std::size_t index, const std::string& folder) {
    File file = files_[index];
    const auto from = path_of(file);
    file.folder = folder;
    if (names_[folder].contains(file.base)) {
      const std::size_t sizes = file.base.find(",S=");
      file.base = unique() + (sizes == std::string::npos ? "" : file.base.substr(sizes));
    }
    std::filesystem::create_hard_link(from, path_of(file));
    files_.push_back(file);
    record(file);
  }

  void expunge(std::size_t index) {
    std::filesystem::remove(path_of(files_[index]));
    files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void move(std::size_t index, const std::string& folder) {
    copy(index, folder);
    expunge(index);
  }

  void rename_folder(const std::string& from, const std::string& to) {
    std::filesystem::rename(at(from), at(to));
    guids_[to] = guids_[from];
    guids_.erase(from);
    names_[to] = names_[from];
    uids_[to] = uids_[from];
    names_.erase(from);
    for (File& file : files_) {
      file.folder = file.folder == from ? to : file.folder;
    }
  }

  void delete_folder(const std::string& folder) {
    std::filesystem::remove_all(at(folder));
    guids_.erase(folder);
    names_.erase(folder);
    std::erase_if(files_, [&](const File& file) { return file.folder == folder; });
  }

  // The uidlist is lost: Dovecot makes another with a new GUID, and base names for GUIDs.
  void lose_uidlist(const std::string& folder) {
    guids_[folder] = new_guid();
    for (File& file : files_) {
      if (file.folder == folder) {
        file.guid = file.base;
      }
    }
    write_uidlist(folder);
  }

  // As Dovecot does it when many lines are of mail that is gone.
  void rewrite_uidlist(const std::string& folder) { write_uidlist(folder); }

  std::filesystem::path at(const std::string& folder) const {
    return folder.empty() ? maildir() : maildir() / folder;
  }
  std::filesystem::path path_of(const File& file) const {
    const std::string info = file.in_new && file.flags.empty() ? "" : ":2," + file.flags;
    return at(file.folder) / (file.in_new ? "new" : "cur") / (file.base + info);
  }

 private:
  std::string unique() {
    ++names_made_;
    return std::to_string(1'700'000'000 + names_made_) + ".M" + std::to_string(names_made_) +
           "P1.vm";
  }
  std::string new_guid() { return "4e2c3920338702" + std::to_string(10'000 + ++guids_made_); }

  static std::string line_of(const File& file, int uid) {
    return std::to_string(uid) + (file.guid == file.base ? "" : " G" + file.guid) + " :" +
           file.base + "\n";
  }

  void record(const File& file) {
    names_[file.folder].insert(file.base);
    std::ofstream(at(file.folder) / "dovecot-uidlist", std::ios::app | std::ios::binary)
        << line_of(file, ++uids_[file.folder]);
  }

  void write_uidlist(const std::string& folder) {
    const auto path = at(folder) / "dovecot-uidlist";
    std::ofstream out(path.string() + ".tmp", std::ios::binary);
    out << "3 V1 N" << uids_[folder] + 1 << " G" << guids_[folder] << "\n";
    int uid = 0;
    names_[folder].clear();
    for (const File& file : files_) {
      if (file.folder == folder) {
        out << line_of(file, ++uid);
        names_[folder].insert(file.base);
      }
    }
    uids_[folder] = std::max(uid, uids_[folder]);
    out.close();
    std::filesystem::rename(path.string() + ".tmp", path);
  }

  std::filesystem::path home_;
  std::vector<File> files_;
  std::map<std::string, std::string> guids_;
  std::map<std::string, std::set<std::string>> names_;  // in the uidlist of each folder
  std::map<std::string, int> uids_;
  int names_made_ = 0;
  int guids_made_ = 0;
  int mails_ = 0;
};

}  // namespace maildir
