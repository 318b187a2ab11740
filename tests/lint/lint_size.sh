#!/bin/sh
# A function fits on a screen and a half (70 lines between its braces), a file
# stays readable (800 lines), a line is no longer than 80 columns, but for the
# rows of a table that a macro takes, X(...).

set -eu
: "${top_srcdir:=.}"
cd "$top_srcdir"

# shellcheck disable=SC2016
find src sim tests bench -name '*.c' 2>/dev/null | sort |
    xargs awk '
FNR == 1 {
	if (file != "" && last > 800) {
		print "# " file ": " last " lines"
		long_files++
	}
	file = FILENAME
	files++
	start = 0
}
{ last = FNR }
/^[A-Za-z_]/ { head = $0 }
/^{/ { start = FNR }
/^}/ && start {
	if (FNR - start - 1 > 70) {
		print "# " FILENAME ":" start ": " head ": " \
		    FNR - start - 1 " lines"
		long_functions++
	}
	functions++
	start = 0
}
END {
	if (last > 800) {
		print "# " file ": " last " lines"
		long_files++
	}
	print "1..4"
	print (long_functions ? "not ok" : "ok") \
	    " 1 - functions of at most 70 lines"
	print (long_files ? "not ok" : "ok") " 2 - files of at most 800 lines"
	print (functions > 300 ? "ok" : "not ok") " 3 - " functions \
	    " functions in " files " files seen"
}'

wide=$(find src sim tests bench -name '*.[ch]' | sort |
    while read -r file; do
	expand "$file" | awk -v file="$file" 'length > 80 && !/^X\(/ {
		print "# " file ":" NR ": " length " columns" }'
    done)
if [ -n "$wide" ]; then
	echo "$wide"
	echo "not ok 4 - lines of at most 80 columns"
else
	echo "ok 4 - lines of at most 80 columns"
fi
