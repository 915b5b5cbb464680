// webmail-cgi/dovecot_auth.cc -- handshake, questions and answers of Dovecot's auth protocol.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/dovecot_auth.hh"

#include <algorithm>

#include "base/text.hh"

namespace webmail {

namespace {

// Dovecot's own limits are 8192 for a request and more for a userdb reply.
constexpr std::size_t line_max = std::size_t{64} << 10U;
constexpr std::size_t user_max = 255;
constexpr std::size_t password_max = 1024;
constexpr char escape = '\1';

// The value of "key=value" among the fields from the third on; the key alone has an empty one.
std::optional<std::string_view> parameter(const std::vector<std::string_view>& fields,
                                          std::string_view key) {
  for (std::size_t i = 2; i < fields.size(); ++i) {
    if (fields[i] == key) {
      return std::string_view();
    }
    if (fields[i].size() > key.size() && fields[i][key.size()] == '=' &&
        fields[i].substr(0, key.size()) == key) {
      return fields[i].substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F; });
}

base::Error unusable(std::string_view what) {
  return base::make_error(base::Errc::malformed, "a " + std::string(what) + " that cannot be sent");
}

}  // namespace

std::string escape_auth_field(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += "\0010";
        break;
      case escape:
        out += "\0011";
        break;
      case '\t':
        out += "\001t";
        break;
      case '\r':
        out += "\001r";
        break;
      case '\n':
        out += "\001n";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string unescape_auth_field(std::string_view text) {
  constexpr std::string_view codes = "01trn";
  constexpr std::string_view plain("\0\1\t\r\n", 5);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != escape || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const std::size_t code = codes.find(text[++i]);
    out += code == std::string_view::npos ? text[i] : plain[code];
  }
  return out;
}

DovecotAuth::DovecotAuth(Kind kind, std::uint32_t client_id) : kind_(kind) {
  output_ = "VERSION\t1\t1\n";
  if (kind == Kind::client) {
    output_ += "CPID\t" + std::to_string(client_id) + "\n";
  }
}

base::Result<void> DovecotAuth::receive(std::string_view bytes) {
  input_ += bytes;
  std::string_view rest = input_;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    if (auto taken = take_line(rest.substr(0, end)); !taken) {
      return taken;
    }
    rest.remove_prefix(end + 1);
  }
  if (rest.size() > line_max) {
    return base::make_error(base::Errc::malformed, "a line over the limit from Dovecot's auth");
  }
  input_.erase(0, input_.size() - rest.size());
  return {};
}

base::Result<void> DovecotAuth::take_line(std::string_view line) {
  const Fields fields = base::split(line, '\t');
  if (!is_ready_) {
    return take_handshake(fields);
  }
  take_reply(fields);
  return {};
}

base::Result<void> DovecotAuth::take_handshake(const Fields& fields) {
  const std::string_view word = fields.front();
  if (word == "VERSION") {
    if (fields.size() < 2 || fields[1] != "1") {
      return base::make_error(base::Errc::malformed, "Dovecot's auth speaks another major version");
    }
    knows_version_ = true;
  } else if (word == "MECH") {
    takes_plain_ = takes_plain_ || (fields.size() > 1 && fields[1] == "PLAIN");
  }
  const bool is_last = word == (kind_ == Kind::client ? "DONE" : "SPID");
  if (!is_last) {
    return {};
  }
  if (!knows_version_ || (kind_ == Kind::client && !takes_plain_)) {
    return base::make_error(base::Errc::malformed,
                            "Dovecot's auth gave no version or does not offer PLAIN",
                            "set auth_mechanisms = plain login in Dovecot");
  }
  is_ready_ = true;
  output_ += std::exchange(waiting_, {});
  return {};
}

bool DovecotAuth::says_no(std::string_view word, const Fields& fields) const {
  if (kind_ == Kind::userdb) {
    return word == "NOTFOUND";
  }
  return word == "FAIL" && !parameter(fields, "temp") && parameter(fields, "code") != "temp_fail";
}

void DovecotAuth::take_reply(const Fields& fields) {
  if (fields.size() < 2) {
    return;
  }
  const auto id = base::parse_number<std::uint32_t>(fields[1]);
  if (!id || asked_.erase(*id) == 0) {
    return;
  }
  const std::string_view word = fields.front();
  AuthReply reply{*id, AuthReply::Verdict::temporary, {}, {}, {}};
  if (kind_ == Kind::client && word == "OK") {
    reply.user = unescape_auth_field(parameter(fields, "user").value_or(""));
  } else if (kind_ == Kind::userdb && word == "USER" && fields.size() > 2) {
    reply.user = unescape_auth_field(fields[2]);
    reply.home = unescape_auth_field(parameter(fields, "home").value_or(""));
    reply.generation = unescape_auth_field(parameter(fields, "login_generation").value_or(""));
  } else if (says_no(word, fields)) {
    reply.verdict = AuthReply::Verdict::refused;
  }
  // A name with control bytes would travel into logs and headers: no such user is served.
  if (!reply.user.empty() && !has_control(reply.user)) {
    reply.verdict = AuthReply::Verdict::ok;
  }
  replies_.push_back(std::move(reply));
}

std::uint32_t DovecotAuth::queue(std::string_view line) {
  (is_ready_ ? output_ : waiting_) += line;
  asked_.insert(last_id_);
  return last_id_;
}

base::Result<std::uint32_t> DovecotAuth::ask_password(std::string_view user,
                                                      std::string_view password,
                                                      std::string_view client_address) {
  if (user.empty() || user.size() > user_max || has_control(user) || !base::is_utf8(user)) {
    return unusable("user name");
  }
  if (password.empty() || password.size() > password_max ||
      password.find('\0') != std::string_view::npos) {
    return unusable("password");
  }
  std::string plain(1, '\0');
  plain.append(user).append(1, '\0').append(password);
  std::string line = "AUTH\t" + std::to_string(++last_id_) + "\tPLAIN\tservice=webmail";
  if (!client_address.empty()) {
    line += "\trip=" + escape_auth_field(client_address);
  }
  line += "\tsecured\tresp=" + base::base64(plain) + "\n";  // resp must come last
  return queue(line);
}

base::Result<std::uint32_t> DovecotAuth::look_up(std::string_view user) {
  if (user.empty() || user.size() > user_max || has_control(user)) {
    return unusable("user name");
  }
  return queue("USER\t" + std::to_string(++last_id_) + "\t" + escape_auth_field(user) +
               "\tservice=webmail\n");
}

std::optional<AuthReply> DovecotAuth::next_reply() {
  if (replies_.empty()) {
    return std::nullopt;
  }
  AuthReply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

}  // namespace webmail
