// lookupd/events.cc -- the table of lookupd.* events.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/events.hh"

#include <array>

namespace lookup {

namespace {

using base::Level;

constexpr std::array<base::Event, 6> table{{
    {"lookupd.answer", Level::debug, "map key status",
     "One question of Postfix was answered; cached answers too."},
    {"lookupd.request.malformed", Level::warning, "reason",
     "What asks is no Postfix, or its map is not written socketmap:SOCKET:MAP. The connection may "
     "have been closed."},
    {"lookupd.map.unknown", Level::warning, "map",
     "Postfix asks for a map that does not exist. Correct the name in main.cf; the manual page "
     "lists the maps."},
    {"lookupd.answer.refused", Level::warning, "map key reason",
     "The name has an answer that cannot be given: an alias that loops or has too many targets. "
     "Mail to it waits until the alias is mended."},
    {"lookupd.directory.trouble", Level::error, "reason times",
     "The directory cannot be asked; Postfix is told to try later and mail waits. Mend what the "
     "reason names. Written at most once a minute; times counts the questions since."},
    {"lookupd.directory.back", Level::info, "times",
     "The directory answers again, after so many questions that it could not answer."},
}};

}  // namespace

const base::Event& answer_given = table[0];
const base::Event& request_malformed = table[1];
const base::Event& map_unknown = table[2];
const base::Event& answer_refused = table[3];
const base::Event& directory_trouble = table[4];
const base::Event& directory_back = table[5];

const std::span<const base::Event> events = table;

}  // namespace lookup
