// mail-lib/mime_test.cc -- trees, body lists, text and previews of good and broken messages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/mime.hh"

#include <boost/test/unit_test.hpp>

#include "mail-lib/body.hh"

namespace {

// "multipart/mixed(text/plain#1,image/png#2)"
std::string shape(const mail::Part& part) {
  std::string out = part.type;
  if (!part.is_multipart) {
    return out + "#" + part.id;
  }
  out += "(";
  for (const mail::Part& child : part.parts) {
    out += (&child == part.parts.data() ? "" : ",") + shape(child);
  }
  return out + ")";
}

std::string ids(const std::vector<const mail::Part*>& parts) {
  std::string out;
  for (const mail::Part* part : parts) {
    out += part->name.value_or(part->id) + " ";
  }
  return out;
}

std::string text_of(const mail::Message& message, std::string_view id) {
  const mail::Part* part = message.find(id);
  BOOST_REQUIRE(part != nullptr);
  return message.text(*part).text;
}

std::string leaf(std::string_view type, std::string_view name, std::string_view disposition) {
  return "Content-Type: " + std::string(type) + "; name=" + std::string(name) +
         "\nContent-Disposition: " + std::string(disposition) + "\n\n" + std::string(name) + "\n";
}

std::string multi(std::string_view subtype, const std::string& boundary,
                  const std::vector<std::string>& parts) {
  std::string out =
      "Content-Type: multipart/" + std::string(subtype) + "; boundary=" + boundary + "\n\n";
  for (const std::string& part : parts) {
    out.append("--").append(boundary).append("\n").append(part);
  }
  return out + "--" + boundary + "--\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mime)

BOOST_AUTO_TEST_CASE(the_example_of_the_rfc_is_taken_apart_as_it_says) {
  const auto text = [](const std::string& name) {
    return "Content-Type: text/plain\nContent-Disposition: inline\nContent-ID: <" + name + ">\n\n" +
           name + "\n";
  };
  const std::string b =
      multi("mixed", "b3", {text("B"), leaf("image/jpeg", "C", "inline"), text("D")});
  const std::string ef = multi(
      "related", "b4", {"Content-Type: text/html\n\n<p>E\n", leaf("image/jpeg", "F", "inline")});
  const std::string j = "Content-Type: message/rfc822\n\nSubject: J\n\ninner\n";
  const std::string middle =
      multi("mixed", "b1",
            {multi("alternative", "b2", {b, ef}), leaf("image/jpeg", "G", "attachment"),
             leaf("application/x-excel", "H", "attachment"), j});
  const auto message =
      mail::Message::parse("Subject: x\n" + multi("mixed", "b0", {text("A"), middle, text("K")}));
  BOOST_TEST(shape(message.root()) ==
             "multipart/mixed(text/plain#1,multipart/mixed(multipart/alternative(multipart/mixed("
             "text/plain#2.1.1.1,image/jpeg#2.1.1.2,text/plain#2.1.1.3),multipart/related("
             "text/html#2.1.2.1,image/jpeg#2.1.2.2)),image/jpeg#2.2,application/x-excel#2.3,"
             "message/rfc822#2.4),text/plain#3)");
  const auto lists = mail::body_lists(message.root());
  BOOST_TEST(ids(lists.text) == "1 2.1.1.1 C 2.1.1.3 3 ");
  BOOST_TEST(ids(lists.html) == "1 2.1.2.1 3 ");
  BOOST_TEST(ids(lists.attachments) == "C F G H 2.4 ");
  BOOST_TEST(mail::has_attachment(lists));
  BOOST_TEST(message.content(*message.find("2.4")) == "Subject: J\n\ninner");
  BOOST_TEST(mail::preview(message, lists) == "A");
}

BOOST_AUTO_TEST_CASE(a_lone_text_stands_in_both_lists) {
  const auto message = mail::Message::parse("Subject: x\n\nhello\r\nworld\n");
  const auto lists = mail::body_lists(message.root());
  BOOST_TEST(ids(lists.text) == "1 ");
  BOOST_TEST(ids(lists.html) == "1 ");
  BOOST_TEST(!mail::has_attachment(lists));
  BOOST_TEST(text_of(message, "1") == "hello\nworld\n");
  BOOST_TEST(message.root().charset.value() == "us-ascii");
}

BOOST_AUTO_TEST_CASE(an_alternative_of_html_alone_is_text_too) {
  const auto message =
      mail::Message::parse(multi("alternative", "b", {"Content-Type: text/html\n\n<b>x</b>\n"}));
  const auto lists = mail::body_lists(message.root());
  BOOST_TEST(ids(lists.text) == "1 ");
  BOOST_TEST(ids(lists.html) == "1 ");
}

BOOST_AUTO_TEST_CASE(texts_are_decoded_from_encoding_and_charset) {
  const auto read = [](const std::string& head, const std::string& body) {
    const auto message = mail::Message::parse("A: b\n" + head + "\n\n" + body);
    return text_of(message, "1");
  };
  BOOST_TEST(read("Content-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64",
                  "xOO6ww==\n") == "你好");
  BOOST_TEST(read("Content-Type: text/plain; charset=\"ISO-2022-JP\"", "\x1B$BF|K\\8l\x1B(B\n") ==
             "日本語\n");
  BOOST_TEST(read("Content-Transfer-Encoding: quoted-printable", "a=E4=BD=A0=\nb\n") == "a你b\n");
  BOOST_TEST(read("Content-Type: text/html", "<meta charset='koi8-r'>\xF0") ==
             "<meta charset='koi8-r'>П");
  BOOST_TEST(read("Content-Type: text/plain; charset=utf-7", "+ADw-") == "+ADw-");
}

BOOST_AUTO_TEST_CASE(problems_of_decoding_are_reported) {
  const auto problem = [](const std::string& head, const std::string& body) {
    const auto message = mail::Message::parse("A: b\n" + head + "\n\n" + body);
    return message.text(*message.find("1")).problem;
  };
  BOOST_TEST(problem("Content-Type: text/plain; charset=utf-8", "\xFF"));
  BOOST_TEST(problem("Content-Type: text/plain; charset=martian", "x"));
  BOOST_TEST(problem("Content-Transfer-Encoding: x-unknown", "x"));
  BOOST_TEST(!problem("Content-Type: text/plain; charset=utf-8", "你"));
}

BOOST_AUTO_TEST_CASE(names_of_attachments_are_decoded) {
  const auto name = [](const std::string& fields) {
    const auto message = mail::Message::parse("A: b\n" + fields + "\n\nx");
    return message.root().name.value_or("(none)");
  };
  BOOST_TEST(name("Content-Disposition: attachment; filename*=utf-8''%E4%BD%A0.txt") == "你.txt");
  BOOST_TEST(name("Content-Disposition: attachment; filename*0=\"a\"; filename*1=\"b.txt\"") ==
             "ab.txt");
  BOOST_TEST(name("Content-Type: image/png; name=\"=?gb2312?B?xOO6ww==?=.png\"") == "你好.png");
  BOOST_TEST(name("Content-Type: image/png; name=\"\xC4\xE3.png\"") == "你.png");
  BOOST_TEST(name("Content-Type: image/png") == "(none)");
}

BOOST_AUTO_TEST_CASE(what_is_no_mime_is_shown_as_text) {
  BOOST_TEST(text_of(mail::Message::parse("no header at all\nreally\n"), "1") ==
             "no header at all\nreally\n");
  BOOST_TEST(text_of(mail::Message::parse("A: b\nbody without a blank line\n"), "1") ==
             "body without a blank line\n");
  BOOST_TEST(text_of(mail::Message::parse(""), "1").empty());
  BOOST_TEST(text_of(mail::Message::parse("A: b"), "1").empty());
  const auto lost = mail::Message::parse("Content-Type: multipart/mixed\n\nno boundary here\n");
  BOOST_TEST(shape(lost.root()) == "text/plain#1");
  BOOST_TEST(text_of(lost, "1").starts_with("no boundary here"));
  const auto never =
      mail::Message::parse("Content-Type: multipart/mixed; boundary=x\n\nnever opened\n");
  BOOST_TEST(text_of(never, "1").starts_with("never opened"));
}

BOOST_AUTO_TEST_CASE(endless_nesting_and_part_counts_are_bounded) {
  std::string deep = "A: b\n";
  for (int i = 0; i < 20000; ++i) {
    deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n--b" +
            std::to_string(i) + "\n";
  }
  const auto nested = mail::Message::parse(deep + "\nend\n");
  std::size_t depth = 0;
  for (const mail::Part* part = &nested.root(); part->is_multipart; part = &part->parts.front()) {
    ++depth;
  }
  BOOST_TEST(depth <= mail::max_part_depth);
  std::vector<std::string> many(3000, "\nx\n");
  const auto wide = mail::Message::parse(multi("mixed", "b", many));
  BOOST_TEST(wide.root().parts.size() < mail::max_parts);
}

BOOST_AUTO_TEST_CASE(a_preview_is_one_line_of_words) {
  const auto of = [](const std::string& type, const std::string& body) {
    const auto message =
        mail::Message::parse("Content-Type: " + type + "; charset=utf-8\n\n" + body);
    return mail::preview(message, mail::body_lists(message.root()));
  };
  BOOST_TEST(of("text/plain", "> quoted\nHello,\n\n  world\n-- \nme\n") == "Hello, world");
  BOOST_TEST(of("text/plain", "> only quoted\n") == "> only quoted");
  BOOST_TEST(of("text/html", "<style>p{}</style><title>t</title><p>a&amp;b<br>c&#20320;&bogus;") ==
             "a&b c你&bogus;");
  std::string han;
  for (int i = 0; i < 400; ++i) {
    han += "字";
  }
  BOOST_TEST(of("text/plain", han).size() == 3 * mail::preview_characters);
  BOOST_TEST(of("text/html", "<!-- never closed").empty());
  BOOST_TEST(of("image/png", "x").empty());
}

BOOST_AUTO_TEST_CASE(long_texts_can_be_cut) {
  const auto message = mail::Message::parse("A: b\n\n0123456789");
  const auto text = message.text(message.root(), 4);
  BOOST_TEST(text.text == "0123");
  BOOST_TEST(text.truncated);
  BOOST_TEST(!message.text(message.root(), 10).truncated);
  BOOST_TEST(message.content_size(message.root()) == 10U);
  BOOST_TEST(message.find("2") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
