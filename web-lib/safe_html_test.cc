// web-lib/safe_html_test.cc -- hostile HTML: the output is parsed again and holds nothing else.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/safe_html.hh"

#include <boost/test/unit_test.hpp>
#include <gumbo.h>

#include "base/text.hh"

#include "web-lib/safe_html_rules.hh"

namespace {

using web::html_rules::has;

web::SafeHtml clean(std::string_view html) {
  return web::safe_html(html, {[](std::string_view src) -> std::optional<std::string> {
                          return src == "cid:logo" ? std::optional<std::string>(
                                                         "/jmap/download/a/P/x?type=image%2Fpng")
                                                   : std::nullopt;
                        }});
}

std::string html_of(std::string_view html) {
  return clean(html).html;
}

void check_attribute(const std::string& tag, const GumboAttribute& attribute) {
  const std::string name = attribute.name;
  const std::string value = base::to_lower(attribute.value);
  BOOST_TEST_CONTEXT(tag << " " << name << "=" << value) {
    if (name == "href") {
      BOOST_TEST((value.starts_with("http:") || value.starts_with("https:") ||
                  value.starts_with("mailto:") || value.starts_with("tel:") ||
                  value.starts_with("ftp:")));
    } else if (name == "src") {
      BOOST_TEST((value.starts_with("/jmap/download/") ||
                  (value.starts_with("data:image/") && !value.starts_with("data:image/svg"))));
    } else if (name == "style") {
      BOOST_TEST(value.find("url") == std::string::npos);
      BOOST_TEST(value.find("expression") == std::string::npos);
    } else {
      BOOST_TEST((name == "rel" || name == "target" || name == "data-src-blocked" ||
                  has(web::html_rules::allowed_attributes, name)));
      BOOST_TEST(!name.starts_with("on"));
    }
  }
}

void check_node(const GumboNode& node) {
  if (node.type != GUMBO_NODE_ELEMENT) {
    BOOST_TEST((node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE));
    return;
  }
  const GumboElement& element = node.v.element;
  const std::string tag = gumbo_normalized_tagname(element.tag);
  const bool is_frame = tag == "html" || tag == "head" || tag == "body";
  BOOST_TEST_CONTEXT("element " << tag) {
    BOOST_TEST((element.tag_namespace == GUMBO_NAMESPACE_HTML));
    BOOST_TEST((is_frame || tag == "style" || has(web::html_rules::allowed_tags, tag)));
  }
  for (unsigned i = 0; i < element.attributes.length; ++i) {
    check_attribute(tag, *static_cast<const GumboAttribute*>(element.attributes.data[i]));
  }
  for (unsigned i = 0; i < element.children.length; ++i) {
    check_node(*static_cast<const GumboNode*>(element.children.data[i]));
  }
}

const std::vector<std::string> vectors = {
    "<script>alert(1)</script>",
    "<SCRIPT SRC=http://evil.example/x.js></SCRIPT>",
    "<<script>alert(1)//<</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"javascript:alert(1)\">",
    "<img src=`javascript:alert(1)`>",
    "<img/src=\"x\"/onerror=alert(1)>",
    "<img \"\"\"><script>alert(1)</script>\">",
    "<img src=data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"jAvAsCrIpT:alert(1)\">x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<a href=\"&#x6A;avascript:alert(1)\">x</a>",
    "<a href=\"&#1;javascript:alert(1)\">x</a>",
    "<a href=\" javascript&colon;alert(1)\">x</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
    "<a href=\"vbscript:x\">x</a>",
    "<a href=\"//evil.example\">x</a>",
    "<a href=\"http://x\" onclick=alert(1) xlink:href=\"javascript:1\">x</a>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><foreignObject><iframe src=\"javascript:alert(1)\"></iframe></foreignObject></svg>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<svg><feImage href=\"http://evil.example/x\"/></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
    "onerror=alert(1)&gt;\">",
    "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
    "<form action=\"http://evil.example\"><input name=p><button formaction=javascript:alert(1)>x",
    "<isindex action=javascript:alert(1)>",
    "<iframe src=\"javascript:alert(1)\"></iframe><iframe srcdoc=\"<script>alert(1)</script>\">",
    "<object data=\"javascript:alert(1)\"></object><embed src=javascript:alert(1)>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<base href=\"javascript:alert(1)//\"><link rel=stylesheet href=http://evil.example/x.css>",
    "<body onload=alert(1) background=\"http://evil.example/b.png\">x",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<div style=\"background-image:u\\72l(http://evil.example)\">x</div>",
    "<div style=\"width:expression(alert(1))\">x</div>",
    "<div style=\"color:red;position:fixed;behavior:url(x);-moz-binding:url(y)\">x</div>",
    "<div style=\"color:red/**/;background:u/**/rl(x)\">x</div>",
    "<style>@import 'http://evil.example/x.css';</style>",
    "<style>*{background:url(http://evil.example)}</style>",
    "<style>a{color:red}</style><style></style><script>alert(1)</script>",
    "<style><!--</style><script>alert(1)</script>-->",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\">",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext><script>alert(1)</script>",
    "<title><img src=x onerror=alert(1)></title>",
    "<template><script>alert(1)</script></template>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=\"1.0\"?><script>alert(1)</script>",
    "<table background=\"javascript:alert(1)\"><td background=\"http://evil.example\">x",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<custom-element onclick=alert(1)><b>x</b></custom-element>",
    "<p title='\"><script>alert(1)</script>'>x</p>",
    "<p title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">x</p>",
    "<a title=\"&lt;/a&gt;&lt;script&gt;\" href=http://x>&lt;script&gt;alert(1)&lt;/script&gt;</a>",
    std::string("<scr\0ipt>alert(1)</scr\0ipt><img src=x on\0error=alert(1)>", 56),
    "<img srcset=\"http://evil.example/x 1x\" src=\"http://tracker.example/1.gif\">",
    "<input type=image src=x onerror=alert(1)><keygen autofocus onfocus=alert(1)>",
    "<select><option><style></option></select><img src=x onerror=alert(1)></style>",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(safe_html)

BOOST_AUTO_TEST_CASE(nothing_outside_the_allow_list_comes_out) {
  for (const std::string& vector : vectors) {
    for (const std::string& input : {vector, "<p>" + vector + "</p>", "<table><tr>" + vector}) {
      const std::string out = html_of(input);
      BOOST_TEST_CONTEXT(input << "\n -> " << out) {
        GumboOutput* tree = gumbo_parse(out.c_str());
        check_node(*tree->root);
        gumbo_destroy_output(&kGumboDefaultOptions, tree);
        if (out.find("data-src-blocked") == std::string::npos) {
          BOOST_TEST(html_of(out) == out);  // a second pass changes nothing
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_mail_is_made_of_stays) {
  BOOST_TEST(html_of("<p style=\"color:red; margin:0\" class=x>a &amp; <b>b</b><br></p>") ==
             "<p style=\"color:red;margin:0\" class=\"x\">a &amp; <b>b</b><br></p>");
  BOOST_TEST(html_of("<a href=\"https://example.com/?a=1&amp;b=2\">x</a>") ==
             "<a href=\"https://example.com/?a=1&amp;b=2\" rel=\"noopener noreferrer\" "
             "target=\"_blank\">x</a>");
  BOOST_TEST(html_of("<style>p{color:red}@media (x){a{top:0}}</style>x") ==
             "<style>p{color:red}@media (x){a{top:0}}</style>x");
  BOOST_TEST(html_of("<form><p>kept</p></form>") == "<p>kept</p>");
}

BOOST_AUTO_TEST_CASE(pictures_are_own_inline_or_blocked) {
  BOOST_TEST(html_of("<img src=\"cid:logo\">") ==
             "<img src=\"/jmap/download/a/P/x?type=image%2Fpng\">");
  const auto remote = clean("<img src=\"http://t.example/1.gif\"><img src=https://t.example/2>");
  BOOST_TEST(remote.blocked_pictures == 2U);
  BOOST_TEST(remote.html ==
             "<img data-src-blocked=\"http://t.example/1.gif\">"
             "<img data-src-blocked=\"https://t.example/2\">");
  BOOST_TEST(html_of("<img src=\"data:image/png;base64,AAAA\">") ==
             "<img src=\"data:image/png;base64,AAAA\">");
  BOOST_TEST(html_of("<img src=\"cid:unknown\">") == "<img>");
}

BOOST_AUTO_TEST_CASE(depth_and_size_are_bounded) {
  std::string deep;
  for (int i = 0; i < 200000; ++i) {
    deep += "<div>";
  }
  BOOST_TEST(clean(deep).is_text_only);
  std::string bomb;
  for (int i = 0; i < 1000; ++i) {
    bomb += "<font size=" + std::to_string(i) + ">";
  }
  for (int i = 0; i < 50000; ++i) {
    bomb += "<p>";
  }
  BOOST_TEST(clean(bomb).is_text_only);
  std::string nested;
  for (int i = 0; i < 1000; ++i) {
    nested += "<div>";
  }
  const auto shown = clean(nested + "end");
  BOOST_TEST(!shown.is_text_only);
  BOOST_TEST(shown.html.find("end") != std::string::npos);
  const std::string quotes(web::max_html_input, '"');
  BOOST_TEST(html_of(quotes).size() <= 6 * web::max_html_input);
}

BOOST_AUTO_TEST_CASE(text_is_escaped_and_its_addresses_are_links) {
  BOOST_TEST(web::text_to_html("<b> & http://x.org/?a&b. end") ==
             "&lt;b&gt; &amp; <a href=\"http://x.org/?a&amp;b\" rel=\"noopener noreferrer\" "
             "target=\"_blank\">http://x.org/?a&amp;b</a>. end");
  BOOST_TEST(web::text_to_html("http:// https:// javascript:x") == "http:// https:// javascript:x");
  BOOST_TEST(web::text_to_html("(https://x.org/)") ==
             "(<a href=\"https://x.org/\" rel=\"noopener noreferrer\" "
             "target=\"_blank\">https://x.org/</a>)");
}

BOOST_AUTO_TEST_SUITE_END()
