// base/metrics_test.cc -- OpenMetrics text of counters and gauges.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/metrics.hh"

#include <boost/test/unit_test.hpp>

namespace {

// Declared out of order: a family's samples must stand together all the same.
base::Counter passed("test_verdicts", "Verdicts given", "verdict=\"pass\"");
base::Gauge open_now("test_connections", "Connections open now");
base::CounterFamily family("test_zones", "Answers of zones", "zone");
base::Counter deferred("test_verdicts", "Verdicts given", "verdict=\"defer\"");

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(families_are_headed_once_and_the_text_ends_in_eof) {
  passed.add();
  deferred.add(4);
  open_now.set(7);
  open_now.add(-2);
  const std::string text = base::open_metrics_text();
  BOOST_TEST(text.find("# TYPE test_connections gauge\n"
                       "# HELP test_connections Connections open now\n"
                       "test_connections 5\n") != std::string::npos);
  BOOST_TEST(text.find("# TYPE test_verdicts counter\n"
                       "# HELP test_verdicts Verdicts given\n"
                       "test_verdicts_total{verdict=\"defer\"} 4\n"
                       "test_verdicts_total{verdict=\"pass\"} 1\n") != std::string::npos);
  BOOST_TEST(text.ends_with("# EOF\n"));
  BOOST_TEST(base::metrics_markdown().find("| test_verdicts | counter | verdict=\"pass\" |") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(labels_known_at_run_time_have_a_counter_each) {
  family.with("zone=\"b\"").add(2);
  family.with("zone=\"a\"").add();
  family.with("zone=\"b\"").add();
  BOOST_TEST(family.value() == 4);
  BOOST_TEST(base::open_metrics_text().find("test_zones_total{zone=\"a\"} 1\n"
                                            "test_zones_total{zone=\"b\"} 3\n") !=
             std::string::npos);
  BOOST_TEST(base::metrics_markdown().find("| test_zones | counter | zone | Answers of zones |") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
