// Looking at a journal and mending it while no broker runs on it: bascule-broker verify, dump, compact.
//
// Errors: DiskError when the folder cannot be read or a broker has it; journal::OtherFormat when another version wrote it.
#pragma once

#include <iosfwd>
#include <string>

namespace bascule::broker {

/// Reads everything and says what is there. 0: whole (a torn end is whole); 1: damaged, with file and offset, or of another
/// version.
/// Changes nothing.
int verify_journal(const std::string& data, std::ostream& out);
/// One JSON line a record, then what lives. Goes on behind damage, which it names. Changes nothing.
int dump_journal(const std::string& data, std::ostream& out);
/// Writes all that is whole and lives to a new journal and puts it in the place of the old one, which is kept
/// beside it.
int compact_journal(const std::string& data, std::ostream& out);

}  // namespace bascule::broker
