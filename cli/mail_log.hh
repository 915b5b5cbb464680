// cli/mail_log.hh -- what the mail log tells of one message.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads the lines of Postfix (smtpd, cleanup, qmgr and its delivery agents) and of policyd that
// name the queue id. Pure: a line in, facts out; the text of a log is partly written by strangers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

class LoggedMail {
 public:
  // `queue_id` as Postfix logs it: "4WxYz12abcZ", "251A0A84964".
  explicit LoggedMail(std::string queue_id) : queue_id_(std::move(queue_id)) {}

  // Takes a line of the log, with or without its end; lines of other messages change nothing.
  void take(std::string_view line);

  bool is_found() const { return is_found_; }

  // Empty where the log does not say.
  std::string client{};  // address
  std::string name{};    // "unknown" when Postfix could not verify one
  std::string helo{};
  std::string user{};                     // SASL login
  std::optional<std::string> sender{};    // empty: the null sender
  std::vector<std::string> recipients{};  // as the client wrote them, each once
  std::string size{};                     // bytes

 private:
  void take_smtpd(std::string_view text);
  void take_delivery(std::string_view text);
  void take_policyd(std::string_view text);
  void add_recipient(std::string_view address);

  std::string queue_id_;
  bool is_found_ = false;
};

// True for what can be a queue id: letters and digits, 6 to 20 of them.
bool is_queue_id(std::string_view text);

}  // namespace cli
