// web-lib/response_test.cc -- nothing from outside can add a header.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/response.hh"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(a_header_value_cannot_end_its_line) {
  web::Response response(200);
  response.body("text/plain", std::string("hi"));
  response.header("X-Name", "a\r\nSet-Cookie: b\n\tc").header("x-name", "second\x7F");
  BOOST_TEST(response.head() ==
             "Status: 200 OK\r\nContent-Type: text/plain\r\nX-Name: second \r\n"
             "Content-Length: 2\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(media_types_are_taken_only_when_they_are_some) {
  BOOST_TEST(web::safe_media_type("Image/PNG") == "image/png");
  BOOST_TEST(web::safe_media_type("text/plain; charset=utf-8; x=y") == "text/plain; charset=utf-8");
  for (const char* type : {"", "text", "/", "a/", "/b", "a/b\r\nc: d", "a b/c", "te\xC3\xA9t/x"}) {
    BOOST_TEST(web::safe_media_type(type) == "application/octet-stream", type);
  }
}

BOOST_AUTO_TEST_CASE(file_names_lose_folders_and_controls) {
  BOOST_TEST(web::attachment_disposition("a b.txt") ==
             "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt");
  BOOST_TEST(web::attachment_disposition("../../etc/\"x\"\r\n") ==
             "attachment; filename=\"_x_\"; filename*=UTF-8''%22x%22");
  BOOST_TEST(web::attachment_disposition("\xE4\xBD\xA0.txt") ==
             "attachment; filename=\"___.txt\"; filename*=UTF-8''%E4%BD%A0.txt");
  BOOST_TEST(web::attachment_disposition("..") == "attachment");
}
